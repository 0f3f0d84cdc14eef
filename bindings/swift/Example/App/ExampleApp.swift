import ExampleAssistant
import SwiftUI

@main
struct ExampleApp: App {
    @State private var assistant = Assistant()

    var body: some Scene {
        WindowGroup {
            ContentView()
                .environment(assistant)
                .task { await assistant.open() }
        }
    }
}

struct ContentView: View {
    @Environment(Assistant.self) private var assistant
    @State private var isTalking = false
    @State private var showsSettings = false

    var body: some View {
        @Bindable var assistant = assistant
        NavigationSplitView {
            HistoryView()
        } detail: {
            ChatView()
                .toolbar {
                    Button("Talk", systemImage: "waveform") { isTalking = true }
                        .disabled(!assistant.isReady)
                    Button("Settings", systemImage: "gear") { showsSettings = true }
                }
        }
        #if os(iOS)
            .fullScreenCover(isPresented: $isTalking) { VoiceView(assistant) }
        #else
            .sheet(isPresented: $isTalking) { VoiceView(assistant).frame(minWidth: 480, minHeight: 480) }
        #endif
        .sheet(isPresented: $showsSettings) { SettingsView() }
        .alert("Something went wrong", isPresented: $assistant.hasProblem) {
            Button("OK") {}
        } message: {
            Text(assistant.problem)
        }
    }
}
