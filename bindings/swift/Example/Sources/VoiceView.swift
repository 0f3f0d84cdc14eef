import Sottovoce
import SwiftUI

/// A spoken conversation over the whole screen, with captions.
struct VoiceView: View {
    @Environment(Assistant.self) private var assistant
    @Environment(\.dismiss) private var dismiss
    @State private var voice: Voice?
    @State private var state = VoiceState.listening
    @State private var level: Float = 0
    @State private var heard = ""
    @State private var caption = ""
    @State private var isMuted = false

    var body: some View {
        VStack(spacing: 32) {
            Spacer()
            Circle()
                .fill(color.gradient)
                .frame(width: 160, height: 160)
                .scaleEffect(1 + CGFloat(min(level * 4, 0.5)))
                .animation(.smooth(duration: 0.15), value: level)
                .onTapGesture { voice?.interrupt() }
                .accessibilityLabel(name)
                .accessibilityHint("Tap to interrupt the answer")
                .accessibilityAddTraits(.isButton)
            Text(name).font(.headline)
            Text(heard).foregroundStyle(.secondary)
            Text(caption)
            Spacer()
            HStack(spacing: 48) {
                Button(isMuted ? "Unmute" : "Mute", systemImage: isMuted ? "mic.slash.fill" : "mic.fill") {
                    isMuted.toggle()
                    voice?.setMuted(isMuted)
                }
                Button("End", systemImage: "xmark.circle.fill") { dismiss() }
            }
            .labelStyle(.iconOnly)
            .font(.largeTitle)
        }
        .multilineTextAlignment(.center)
        .padding()
        .task { await talk() }
    }

    private var name: String {
        switch state {
        case .listening: "Listening"
        case .thinking: "Thinking"
        case .speaking: "Speaking"
        }
    }

    private var color: Color {
        switch state {
        case .listening: .blue
        case .thinking: .gray
        case .speaking: .green
        }
    }

    /// Talks until the view goes away, which cancels the task and so ends the stream.
    private func talk() async {
        await assistant.attempt {
            guard let conversation = assistant.conversation else { return }
            guard let file = Bundle.main.path(forResource: "silero_vad_16k_sequence", ofType: "onnx") else {
                throw SottovoceError.Voice(reason: "the app lacks silero_vad_16k_sequence.onnx; the README says where it is from")
            }
            let parts = try await VoiceParts.apple(detector: try VoiceDetector.open(path: file))
            let voice = Voice(conversation, parts: parts)
            self.voice = voice
            for await event in try voice.start() {
                await show(event)
            }
        }
        voice?.stop()
    }

    private func show(_ event: VoiceEvent) async {
        switch event {
        case .state(let state): self.state = state
        case .level(let level): self.level = level
        case .partial(let text), .question(let text): heard = text
        case .caption(let text): caption = text
        case .answered(let text, let whole):
            await assistant.spoke(question: heard, answer: text, whole: whole)
        case .failed(let reason): caption = reason
        case .speechStarted: caption = ""
        case .speechStopped, .text, .wait: break
        }
    }
}
