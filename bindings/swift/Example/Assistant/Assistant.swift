import Foundation
import Observation
import Sottovoce

/// A line of the conversation that is shown.
public struct Line: Identifiable {
    public let id = UUID()
    public let role: Role
    public var text: String
}

/// Everything that the app knows and does. Views show it and call it.
@MainActor @Observable
public final class Assistant {
    public private(set) var lines: [Line] = []
    public private(set) var conversations: [HistoryListed] = []
    public private(set) var loading = "Starting…"
    public private(set) var status: ModelStatus?
    public private(set) var isAnswering = false
    public private(set) var selected: String?
    public var hasProblem = false
    public private(set) var problem = ""

    public var search = "" {
        didSet { Task { await list() } }
    }
    public var system = UserDefaults.standard.string(forKey: "system") ?? "You are knowledgeable, friendly, polite and honest." {
        didSet { UserDefaults.standard.set(system, forKey: "system") }
    }
    public var temperature = UserDefaults.standard.object(forKey: "temperature") as? Double ?? 0.7 {
        didSet { UserDefaults.standard.set(temperature, forKey: "temperature") }
    }
    /// What runs the model from the next `load` on.
    public var engine = UserDefaults.standard.string(forKey: "engine").flatMap(Engine.init) ?? .own {
        didSet { UserDefaults.standard.set(engine.rawValue, forKey: "engine") }
    }

    private let name: String
    private var model: LanguageModel?
    private var history: History?
    /// The conversation with the model, what it was told first, and the message of the history that the next one follows.
    public private(set) var conversation: Conversation?
    private var told: String?
    private var last: String?
    private var answering: Task<Void, Never>?

    /// - Parameter model: A model of the catalogue, or a path.
    public init(model: String = "smollm2-135m-instruct") {
        name = model
    }

    public var isReady: Bool { model != nil }
    public var options: AnswerOptions { AnswerOptions(temperature: Float(temperature)) }

    /// Opens the history, the app's own where none is given, and loads the model.
    public func open(history: History? = nil) async {
        await attempt {
            let own = try await history == nil ? History.inApplicationSupport() : nil
            self.history = history ?? own
        }
        await list()
        await load()
    }

    /// Loads the model as the settings say. One that is loaded stays where another cannot be, and what was said stays in any case.
    public func load() async {
        await stop()
        let said = lines.map { Message(role: $0.role, text: $0.text) }
        await attempt {
            let model = try await LanguageModel.load(self.name, options: self.engine.options) { progress in
                Task { @MainActor in self.loading = describe(progress) }
            }
            (self.model, self.status) = (model, model.status())
            try self.converse(system: said.isEmpty ? self.system : self.told, said: said)
        }
    }

    /// Begins a new conversation.
    public func reset() async {
        await stop()
        await attempt { try self.begin() }
    }

    private func begin() throws {
        try converse(system: system)
        (last, selected) = (nil, nil)
    }

    /// Begins a conversation with the model in which this was said.
    private func converse(system: String?, said: [Message] = []) throws {
        conversation = try model?.conversation(system: system)
        let first = system.map { [Message(role: .system, text: $0)] } ?? []
        if !said.isEmpty { try conversation?.setMessages(messages: first + said) }
        lines = said.map { Line(role: $0.role, text: $0.text) }
        told = system
    }

    /// Asks, and shows the answer as it is made.
    public func ask(_ question: String) {
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
            if answer.isEmpty { lines.removeLast() }
            // What was said is kept, stopped or not.
            await attempt { try await self.keep(.assistant, answer, whole: whole) }
            isAnswering = false
        }
    }

    /// Ends the answer, and returns when what was said is kept.
    public func stop() async {
        answering?.cancel()
        await answering?.value
        answering = nil
    }

    /// Shows a turn that was spoken.
    public func spoke(question: String, answer: String, whole: Bool) async {
        lines += [Line(role: .user, text: question), Line(role: .assistant, text: answer)]
        await attempt {
            try await self.keep(.user, question)
            try await self.keep(.assistant, answer, whole: whole)
        }
    }

    private func keep(_ role: Role, _ text: String, whole: Bool = true) async throws {
        guard let history, !text.isEmpty else { return }
        let (selected, last, told, name) = (selected, last, told, status?.package)
        let (id, message) = try await history.perform { history in
            let id = try selected ?? history.create(title: String(text.prefix(60)), system: told).id
            let model = role == .assistant ? name : nil
            let message = try history.append(
                conversation: id, role: role, text: text, parent: last, model: model, whole: whole)
            return (id, message.id)
        }
        (self.selected, self.last) = (id, message)
        await list()
    }

    /// Lists what was said before that has the words searched for.
    public func list() async {
        let search = search
        await attempt {
            guard let history = self.history else { return }
            self.conversations = try await history.perform { history in
                try history.list(filter: HistoryFilter(search: search)).conversations
            }
        }
    }

    /// Takes up a conversation of the history.
    public func select(_ id: String) async {
        await stop()
        await attempt {
            guard let history = self.history else { return }
            let transcript = try await history.perform { try $0.transcript(conversation: id) }
            let said = transcript.messages.map { Message(role: $0.role, text: $0.text) }
            try self.converse(system: transcript.conversation.system, said: said)
            (self.selected, self.last) = (id, transcript.messages.last?.id)
        }
    }

    public func delete(_ id: String) async {
        await stop()
        await attempt {
            try await self.history?.perform { try $0.delete(conversation: id) }
            if self.selected == id { try self.begin() }
        }
        await list()
    }

    public func deleteAll() async {
        await stop()
        await attempt {
            _ = try await self.history?.perform { try $0.deleteAll() }
            try self.begin()
        }
        await list()
    }

    /// Does something that can fail, and shows it if it does.
    public func attempt(_ work: @escaping @MainActor () async throws -> Void) async {
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

/// What can run the model.
public enum Engine: String, CaseIterable, Identifiable {
    case own, coreMl, coreMlOnCpu, coreMlOnGpu, coreMlOnNeuralEngine

    public var id: Self { self }

    public var name: String {
        switch self {
        case .own: "sottovoce"
        case .coreMl: "Core ML"
        case .coreMlOnCpu: "Core ML, CPU"
        case .coreMlOnGpu: "Core ML, CPU and GPU"
        case .coreMlOnNeuralEngine: "Core ML, CPU and Neural Engine"
        }
    }

    var options: LoadOptions {
        switch self {
        case .own: LoadOptions()
        case .coreMl: LoadOptions(backend: .coreMl, computeUnits: .all)
        case .coreMlOnCpu: LoadOptions(backend: .coreMl, computeUnits: .cpuOnly)
        case .coreMlOnGpu: LoadOptions(backend: .coreMl, computeUnits: .cpuAndGpu)
        case .coreMlOnNeuralEngine: LoadOptions(backend: .coreMl, computeUnits: .cpuAndNeuralEngine)
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
    case .compiling:
        return "Core ML compiles the model, once"
    case .preparing:
        return "Core ML prepares the model"
    case .notice(let text):
        return text
    }
}

private func share(_ done: UInt64, _ all: UInt64) -> String {
    (all == 0 ? 0 : Double(done) / Double(all)).formatted(.percent.precision(.fractionLength(0)))
}
