import ExampleAssistant
import Sottovoce
import SwiftUI

/// What the model is told, how it answers, how it runs, and what is kept.
struct SettingsView: View {
    @Environment(Assistant.self) private var assistant
    @Environment(\.dismiss) private var dismiss
    @State private var asksToDelete = false

    var body: some View {
        @Bindable var assistant = assistant
        NavigationStack {
            Form {
                Section("What the model is told, in new conversations") {
                    TextField("Instructions", text: $assistant.system, axis: .vertical)
                }
                Section("Answers") {
                    Slider(value: $assistant.temperature, in: 0...1.5) { Text("Temperature") }
                    LabeledContent("Temperature", value: assistant.temperature, format: .number.precision(.fractionLength(2)))
                }
                Section("Model") {
                    Picker("Runs on", selection: $assistant.engine) {
                        ForEach(Engine.allCases) { Text($0.name) }
                    }
                    .onChange(of: assistant.engine) { Task { await assistant.load() } }
                    if let status = assistant.status {
                        LabeledContent("Package", value: status.package)
                        LabeledContent("Now on", value: "\(name(of: status.backend)), \(status.threads) threads")
                        LabeledContent("Context", value: "\(status.context) tokens")
                        ForEach(status.notes, id: \.self) { Text($0).font(.footnote) }
                    }
                }
                Section("History") {
                    Button("Delete all conversations", role: .destructive) { asksToDelete = true }
                }
            }
            .navigationTitle("Settings")
            .toolbar { Button("Done") { dismiss() } }
            .confirmationDialog("Delete all conversations?", isPresented: $asksToDelete) {
                Button("Delete all", role: .destructive) { Task { await assistant.deleteAll() } }
            }
        }
    }
}

private func name(of backend: Backend) -> String {
    switch backend {
    case .cpu: "CPU"
    case .coreMl: "Core ML"
    case .reference: "interpreter"
    }
}
