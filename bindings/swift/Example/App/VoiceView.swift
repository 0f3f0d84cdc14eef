import ExampleAssistant
import Sottovoce
import SwiftUI

/// A spoken conversation over the whole screen, with captions.
struct VoiceView: View {
    @Environment(\.dismiss) private var dismiss
    @State private var talk: Talk
    private let assistant: Assistant

    init(_ assistant: Assistant) {
        self.assistant = assistant
        _talk = State(initialValue: Talk(assistant))
    }

    var body: some View {
        VStack(spacing: 32) {
            Spacer()
            Circle()
                .fill(color.gradient)
                .frame(width: 160, height: 160)
                .scaleEffect(1 + CGFloat(min(talk.level * 4, 0.5)))
                .animation(.smooth(duration: 0.15), value: talk.level)
                .onTapGesture { talk.interrupt() }
                .accessibilityLabel(name)
                .accessibilityHint("Tap to interrupt the answer")
                .accessibilityAddTraits(.isButton)
            Text(name).font(.headline)
            Text(talk.heard).foregroundStyle(.secondary)
            Text(talk.caption)
            Spacer()
            HStack(spacing: 48) {
                Button(talk.isMuted ? "Unmute" : "Mute", systemImage: talk.isMuted ? "mic.slash.fill" : "mic.fill") {
                    talk.toggleMute()
                }
                Button("End", systemImage: "xmark.circle.fill") { dismiss() }
            }
            .labelStyle(.iconOnly)
            .font(.largeTitle)
        }
        .multilineTextAlignment(.center)
        .padding()
        // Until the view goes away, which cancels the task.
        .task { await converse() }
    }

    private var name: String {
        switch talk.state {
        case .listening: "Listening"
        case .thinking: "Thinking"
        case .speaking: "Speaking"
        }
    }

    private var color: Color {
        switch talk.state {
        case .listening: .blue
        case .thinking: .gray
        case .speaking: .green
        }
    }

    private func converse() async {
        await assistant.attempt {
            guard let conversation = assistant.conversation else { return }
            guard let file = Bundle.main.path(forResource: "silero_vad_16k_sequence", ofType: "onnx") else {
                throw SottovoceError.Voice(reason: "the app lacks silero_vad_16k_sequence.onnx; the README says where it is from")
            }
            let parts = try await VoiceParts.apple(detector: try VoiceDetector.open(path: file))
            await talk.run(Voice(conversation, parts: parts))
        }
    }
}
