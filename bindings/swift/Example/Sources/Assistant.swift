import Observation
import Sottovoce
import SwiftUI

/// A line of the conversation that is shown.
struct Line: Identifiable {
    let id = UUID()
    let role: Role
    var text: String
}

/// Everything that the app knows and does. Views show it and call it.
@MainActor @Observable
final class Assistant {
    private(set) var lines: [Line] = []
    private(set) var conversations: [HistoryListed] = []
    private(set) var loading = "Starting…"
    private(set) var status: ModelStatus?
    private(set) var isAnswering = false
    private(set) var selected: String?
    var hasProblem = false
    private(set) var problem = ""

    var search = "" {
        didSet { Task { await list() } }
    }
    var system = UserDefaults.standard.string(forKey: "system") ?? "You are knowledgeable, friendly, polite and honest." {
        didSet { UserDefaults.standard.set(system, forKey: "system") }
    }
    var temperature = UserDefaults.standard.object(forKey: "temperature") as? Double ?? 0.7 {
        didSet { UserDefaults.standard.set(temperature, forKey: "temperature") }
    }

    private var model: LanguageModel?
    private var history: History?
    /// The conversation with the model, and the message that the next one follows.
    private(set) var conversation: Conversation?
    private var last: String?
    private var answering: Task<Void, Never>?

    var isReady: Bool { model != nil }
    var options: AnswerOptions { AnswerOptions(temperature: Float(temperature)) }

    /// Opens the history and loads the model.
    func open() async {
        await attempt {
            self.history = try await History.inApplicationSupport()
            await self.list()
            self.model = try await LanguageModel.load("smollm2-135m-instruct") { progress in
                Task { @MainActor in self.loading = describe(progress) }
            }
            self.status = self.model?.status()
            try self.begin()
        }
    }

    private func begin() throws {
        conversation = try model?.conversation(system: system)
        (lines, last, selected) = ([], nil, nil)
    }

    /// Begins a new conversation.
    func reset() async {
        stop()
        await attempt { try self.begin() }
    }

    /// Asks, and shows the answer as it is made.
    func ask(_ question: String) {
        guard let conversation, !isAnswering else { return }
        isAnswering = true
        lines += [Line(role: .user, text: question), Line(role: .assistant, text: "")]
        answering = Task {
            await attempt {
                try await self.keep(.user, question)
                for try await piece in conversation.respond(to: question, options: self.options) {
                    self.lines[self.lines.count - 1].text += piece
                }
            }
            let answer = lines.last?.text ?? ""
            let whole = !Task.isCancelled
            // What was said is kept, stopped or not.
            await attempt { try await self.keep(.assistant, answer, whole: whole) }
            isAnswering = false
        }
    }

    /// Ends the answer.
    func stop() {
        answering?.cancel()
    }

    /// Shows a turn that was spoken.
    func spoke(question: String, answer: String, whole: Bool) async {
        lines += [Line(role: .user, text: question), Line(role: .assistant, text: answer)]
        await attempt {
            try await self.keep(.user, question)
            try await self.keep(.assistant, answer, whole: whole)
        }
    }

    private func keep(_ role: Role, _ text: String, whole: Bool = true) async throws {
        guard let history, !text.isEmpty else { return }
        let (selected, last, system, name) = (selected, last, system, status?.package)
        let (id, message) = try await history.perform { history in
            let id = try selected ?? history.create(title: String(text.prefix(60)), system: system).id
            let model = role == .assistant ? name : nil
            let message = try history.append(
                conversation: id, role: role, text: text, parent: last, model: model, whole: whole)
            return (id, message.id)
        }
        (self.selected, self.last) = (id, message)
        await list()
    }

    private func list() async {
        let search = search
        await attempt {
            guard let history = self.history else { return }
            self.conversations = try await history.perform { history in
                try history.list(filter: HistoryFilter(search: search)).conversations
            }
        }
    }

    /// Takes up a conversation of the history.
    func select(_ id: String) async {
        stop()
        await attempt {
            guard let history = self.history else { return }
            let transcript = try await history.perform { try $0.transcript(conversation: id) }
            self.conversation = try self.model?.conversation(system: transcript.conversation.system)
            let said = transcript.messages.map { Message(role: $0.role, text: $0.text) }
            let told = transcript.conversation.system.map { [Message(role: .system, text: $0)] } ?? []
            try self.conversation?.setMessages(messages: told + said)
            self.lines = said.map { Line(role: $0.role, text: $0.text) }
            (self.selected, self.last) = (id, transcript.messages.last?.id)
        }
    }

    func delete(_ id: String) async {
        await attempt {
            try await self.history?.perform { try $0.delete(conversation: id) }
            if self.selected == id { try self.begin() }
        }
        await list()
    }

    func deleteAll() async {
        await attempt {
            _ = try await self.history?.perform { try $0.deleteAll() }
            try self.begin()
        }
        await list()
    }

    /// Does something that can fail, and shows it if it does.
    func attempt(_ work: @escaping @MainActor () async throws -> Void) async {
        do {
            try await work()
        } catch is CancellationError {
            return
        } catch {
            problem = error.localizedDescription
            hasProblem = true
        }
    }
}

/// A line about what loading does.
private func describe(_ progress: LoadProgress) -> String {
    switch progress {
    case .fetching(let file, let bytes, let of):
        return "Fetching \(file): \(share(bytes, of))"
    case .waiting:
        return "Waiting for another app that fetches the same model"
    case .converting(let bytes, let of):
        return "Converting, once: \(share(bytes, of))"
    case .loading:
        return "Loading"
    case .notice(let text):
        return text
    }
}

private func share(_ done: UInt64, _ all: UInt64) -> String {
    (all == 0 ? 0 : Double(done) / Double(all)).formatted(.percent.precision(.fractionLength(0)))
}
