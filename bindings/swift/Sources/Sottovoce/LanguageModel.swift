import Foundation

extension LanguageModel {
    /// Loads a language model: a model folder or package at a path, or a model of the catalogue, such as
    /// `smollm2-135m-instruct`, which is fetched and converted when that has not happened yet.
    ///
    /// - Parameters:
    ///   - store: Where models of the catalogue are kept; in the app's caches where nothing is said.
    ///   - progress: Is told of downloads, conversion and notices, such as a 4-bit package that is missing. It is called on a
    ///     thread of its own.
    /// - Throws: `SottovoceError`, or `CancellationError` where the task was cancelled.
    public static func load(
        _ name: String,
        options: LoadOptions = LoadOptions(),
        store: ModelStore? = nil,
        progress: (@Sendable (LoadProgress) -> Void)? = nil
    ) async throws -> LanguageModel {
        try await blocking { cancellation in
            let store = try store ?? ModelStore.inCaches()
            let listener = progress.map { ProgressClosure($0) }
            return try store.languageModel(
                name: name, options: options, listener: listener, cancellation: cancellation)
        }
    }

    /// Loads the package or model folder of an app, such as one in its bundle.
    public static func load(
        _ url: URL,
        options: LoadOptions = LoadOptions(),
        progress: (@Sendable (LoadProgress) -> Void)? = nil
    ) async throws -> LanguageModel {
        try await load(url.path(percentEncoded: false), options: options, progress: progress)
    }

    /// Goes on with a text, on a state of its own.
    public func complete(
        _ prompt: String, options: AnswerOptions = AnswerOptions()
    ) -> AsyncThrowingStream<String, Error> {
        streaming { listener, cancellation in
            _ = try self.complete(prompt: prompt, options: options, listener: listener, cancellation: cancellation)
        }
    }
}

extension ModelStore {
    /// The store in the app's caches, which the system may empty when it needs room.
    public static func inCaches() throws -> ModelStore {
        let caches = try FileManager.default.url(
            for: .cachesDirectory, in: .userDomainMask, appropriateFor: nil, create: true)
        return try ModelStore(folder: caches.appending(path: "sottovoce").path(percentEncoded: false))
    }
}

extension Conversation {
    /// Asks, and gives the answer piece by piece. Cancelling the task that reads it ends the answer; what was said so far stays
    /// in the conversation.
    ///
    /// ```swift
    /// for try await piece in conversation.respond(to: "Why is the sky blue?") {
    ///     text += piece
    /// }
    /// ```
    public func respond(
        to question: String, options: AnswerOptions = AnswerOptions()
    ) -> AsyncThrowingStream<String, Error> {
        streaming { listener, cancellation in
            _ = try self.respond(question: question, options: options, listener: listener, cancellation: cancellation)
        }
    }

    /// Asks, and gives the whole answer with what it took.
    public func answer(to question: String, options: AnswerOptions = AnswerOptions()) async throws -> Answer {
        try await blocking { cancellation in
            try self.respond(question: question, options: options, cancellation: cancellation)
        }
    }

    /// Answers the last question anew.
    public func retry(options: AnswerOptions = AnswerOptions()) -> AsyncThrowingStream<String, Error> {
        streaming { listener, cancellation in
            _ = try self.retry(options: options, listener: listener, cancellation: cancellation)
        }
    }
}
