import Foundation

/// A microphone and a loudspeaker, of this device or anything that stands for them.
public protocol SoundDevice: AnyObject, Sendable {
    /// Begins to hear, and to play what comes.
    ///
    /// - Parameters:
    ///   - rate: Samples a second of what is to be played.
    ///   - heard: Takes the sound of the microphone: mono, 32-bit floats at `Voice.microphoneRate`, in pieces of any length.
    ///     What the loudspeaker plays should not be in it.
    ///   - played: Is told how many samples of which answer have come out, counted from the answer's beginning.
    /// - Throws: What the person can act on: there is no microphone, or it may not be used.
    func start(
        rate: Double,
        heard: @escaping @Sendable (Data) -> Void,
        played: @escaping @Sendable (_ answer: UInt64, _ samples: UInt64) -> Void
    ) async throws

    /// Does what the conversation asks for. It is called in order, on a thread of the conversation.
    func play(_ playback: Playback)

    /// Lets go of microphone, loudspeaker and both closures.
    func stop()
}

/// A spoken conversation: a microphone and a loudspeaker on a conversation with a model.
///
/// ```swift
/// let voice = Voice(conversation, parts: try await .apple(detector: detector))
/// for await event in try await voice.start() {
///     if case .caption(let text) = event { caption = text }
/// }
/// ```
public final class Voice: @unchecked Sendable {
    /// Samples a second that the parts which hear take.
    public static let microphoneRate: Double = 16_000

    private let conversation: Conversation
    private let parts: VoiceParts
    private let options: VoiceOptions
    private let device: SoundDevice
    private let lock = NSLock()
    private var talk: VoiceConversation?

    public init(
        _ conversation: Conversation, parts: VoiceParts, options: VoiceOptions = .handsFree, device: SoundDevice
    ) {
        self.conversation = conversation
        self.parts = parts
        self.options = options
        self.device = device
    }

    /// Begins to listen. The events end when the conversation is stopped; whoever stops reading them, or whose task is
    /// cancelled, stops it.
    ///
    /// - Throws: `SottovoceError`, or what the device throws where there is no microphone. Nothing has begun then.
    public func start() async throws -> AsyncStream<VoiceEvent> {
        let (events, continuation) = AsyncStream.makeStream(of: VoiceEvent.self)
        let (conversation, parts, options) = (conversation, parts, options)
        let listener = Listener(device: device, events: continuation)
        let talk = try await blocking { _ in
            try VoiceConversation.start(conversation: conversation, parts: parts, options: options, listener: listener)
        }
        try lock.withLock {
            guard self.talk == nil else { throw SottovoceError.Voice(reason: "the conversation is under way already") }
            self.talk = talk
        }
        continuation.onTermination = { _ in self.stop() }
        do {
            try await device.start(
                rate: Double(parts.synthesizer.sampleRate()),
                heard: { try? talk.hear(sound: $0) },
                played: { talk.played(answer: $0, samples: $1) })
        } catch {
            stop()
            throw error
        }
        return events
    }

    /// Ends the conversation.
    public func stop() {
        let talk = lock.withLock {
            defer { self.talk = nil }
            return self.talk
        }
        guard let talk else { return }
        device.stop()
        // It waits for its parts to let go.
        callQueue.async { talk.stop() }
    }

    /// Push to talk is held, or let go.
    public func setPressed(_ pressed: Bool) {
        if pressed { current?.press() } else { current?.release() }
    }

    /// Ends what is being said.
    public func interrupt() {
        current?.interrupt()
    }

    /// From now on nothing is heard or said, or all is as before.
    public func setMuted(_ muted: Bool) {
        current?.setMuted(muted: muted)
    }

    private var current: VoiceConversation? {
        lock.withLock { talk }
    }
}

extension VoiceOptions {
    /// Speech begins a turn, and silence ends it.
    public static var handsFree: VoiceOptions {
        VoiceOptions(mode: .handsFree, answer: AnswerOptions(), style: SpeakingStyle())
    }

    /// A turn begins and ends as `Voice.setPressed` says.
    public static var pushToTalk: VoiceOptions {
        VoiceOptions(mode: .pushToTalk, answer: AnswerOptions(), style: SpeakingStyle())
    }
}

private final class Listener: VoiceListener, @unchecked Sendable {
    private let device: SoundDevice
    private let events: AsyncStream<VoiceEvent>.Continuation

    init(device: SoundDevice, events: AsyncStream<VoiceEvent>.Continuation) {
        self.device = device
        self.events = events
    }

    /// The conversation has let go of it, so nothing more will happen.
    deinit {
        events.finish()
    }

    func onEvent(event: VoiceEvent) throws {
        events.yield(event)
    }

    func onPlayback(playback: Playback) throws {
        device.play(playback)
    }
}
