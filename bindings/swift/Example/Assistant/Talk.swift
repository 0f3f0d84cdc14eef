import Observation
import Sottovoce

/// What the voice mode shows of a spoken conversation.
@MainActor @Observable
public final class Talk {
    public private(set) var state = VoiceState.listening
    /// How loud the microphone is, within [0, 1].
    public private(set) var level: Float = 0
    /// What the person said, and what is being answered.
    public private(set) var heard = ""
    public private(set) var caption = ""
    public private(set) var isMuted = false

    private let assistant: Assistant
    private var voice: Voice?
    private var question = ""

    public init(_ assistant: Assistant) {
        self.assistant = assistant
    }

    /// Talks until the task that this runs in is cancelled.
    public func run(_ voice: Voice) async {
        self.voice = voice
        await assistant.attempt {
            for await event in try await voice.start() {
                await self.show(event)
            }
        }
        voice.stop()
        self.voice = nil
    }

    public func interrupt() {
        voice?.interrupt()
    }

    public func toggleMute() {
        isMuted.toggle()
        voice?.setMuted(isMuted)
    }

    private func show(_ event: VoiceEvent) async {
        switch event {
        case .state(let state): self.state = state
        case .level(let level): self.level = level
        case .partial(let text): heard = text
        case .question(let text): (heard, question) = (text, text)
        case .caption(let text): caption = text
        case .answered(let text, let whole):
            await assistant.spoke(question: question, answer: text, whole: whole)
        case .failed(let reason): caption = reason
        case .speechStarted: caption = ""
        case .speechStopped, .text, .wait: break
        }
    }
}
