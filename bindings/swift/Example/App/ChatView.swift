import ExampleAssistant
import Sottovoce
import SwiftUI

/// The conversation, and the line to write in.
struct ChatView: View {
    @Environment(Assistant.self) private var assistant
    @State private var question = ""

    var body: some View {
        VStack(spacing: 0) {
            ScrollView {
                LazyVStack(alignment: .leading, spacing: 16) {
                    ForEach(assistant.lines) { LineView(line: $0) }
                }
                .padding()
            }
            .defaultScrollAnchor(.bottom)
            StatusView()
            HStack {
                TextField("Ask something", text: $question, axis: .vertical)
                    .textFieldStyle(.roundedBorder)
                    .onSubmit(send)
                if assistant.isAnswering {
                    Button("Stop", systemImage: "stop.circle.fill") { Task { await assistant.stop() } }
                } else {
                    Button("Send", systemImage: "arrow.up.circle.fill", action: send)
                        .disabled(!assistant.isReady || question.isEmpty)
                }
            }
            .labelStyle(.iconOnly)
            .padding()
        }
        .navigationTitle("sottovoce")
    }

    private func send() {
        guard assistant.isReady, !assistant.isAnswering, !question.isEmpty else { return }
        assistant.ask(question)
        question = ""
    }
}

/// What one of the two said.
struct LineView: View {
    let line: Line

    var body: some View {
        let isPerson = line.role == .user
        Text(line.text.isEmpty ? "…" : line.text)
            .textSelection(.enabled)
            .padding(12)
            .background(isPerson ? Color.accentColor.opacity(0.15) : .clear, in: .rect(cornerRadius: 16))
            .frame(maxWidth: .infinity, alignment: isPerson ? .trailing : .leading)
            .accessibilityLabel("\(isPerson ? "You" : "Assistant"): \(line.text)")
    }
}

/// How the model is: loading, or running with something to know about it.
struct StatusView: View {
    @Environment(Assistant.self) private var assistant

    var body: some View {
        if let status = assistant.status {
            ForEach(status.notes, id: \.self) { note in
                Label(note, systemImage: "info.circle").font(.footnote)
            }
        } else {
            HStack {
                ProgressView().controlSize(.small)
                Text(assistant.loading).font(.footnote)
            }
            .accessibilityElement(children: .combine)
        }
    }
}
