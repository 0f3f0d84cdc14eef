import ExampleAssistant
import Sottovoce
import SwiftUI

/// What was said before: searched, taken up, deleted.
struct HistoryView: View {
    @Environment(Assistant.self) private var assistant

    var body: some View {
        @Bindable var assistant = assistant
        List(assistant.conversations, id: \.conversation.id) { listed in
            Button {
                Task { await assistant.select(listed.conversation.id) }
            } label: {
                VStack(alignment: .leading) {
                    Text(listed.conversation.title).lineLimit(1)
                    if let excerpt = listed.excerpt {
                        Text(excerpt).font(.caption).foregroundStyle(.secondary).lineLimit(2)
                    }
                    Text(listed.conversation.updated, style: .relative).font(.caption2).foregroundStyle(.secondary)
                }
            }
            .buttonStyle(.plain)
            .swipeActions {
                Button("Delete", role: .destructive) {
                    Task { await assistant.delete(listed.conversation.id) }
                }
            }
        }
        .searchable(text: $assistant.search)
        .navigationTitle("Conversations")
        .toolbar {
            Button("New", systemImage: "square.and.pencil") { Task { await assistant.reset() } }
                .disabled(!assistant.isReady)
        }
    }
}
