import Foundation

/// Where calls wait that block: the threads of Swift's tasks must not.
let callQueue = DispatchQueue(label: "sottovoce.calls", qos: .userInitiated, attributes: .concurrent)

/// Makes a call that blocks. Cancelling the task cancels the call.
func blocking<Value: Sendable>(_ call: @escaping @Sendable (Cancellation) throws -> Value) async throws -> Value {
    let cancellation = Cancellation()
    return try await withTaskCancellationHandler {
        try await withCheckedThrowingContinuation { continuation in
            callQueue.async {
                continuation.resume(with: Result { try asSwiftThrows { try call(cancellation) } })
            }
        }
    } onCancel: {
        cancellation.cancel()
    }
}

/// Makes a call that hands out text as it is made. Whoever stops reading, or whose task is cancelled, ends it.
func streaming(
    _ call: @escaping @Sendable (TextListener, Cancellation) throws -> Void
) -> AsyncThrowingStream<String, Error> {
    AsyncThrowingStream { continuation in
        let cancellation = Cancellation()
        continuation.onTermination = { _ in cancellation.cancel() }
        callQueue.async {
            do {
                try asSwiftThrows { try call(TextClosure { _ = continuation.yield($0) }, cancellation) }
                continuation.finish()
            } catch {
                continuation.finish(throwing: error)
            }
        }
    }
}

/// What Swift throws where a task was cancelled is one error everywhere.
private func asSwiftThrows<Value>(_ call: () throws -> Value) throws -> Value {
    do {
        return try call()
    } catch SottovoceError.Cancelled {
        throw CancellationError()
    }
}

private final class TextClosure: TextListener {
    private let closure: @Sendable (String) -> Void

    init(_ closure: @escaping @Sendable (String) -> Void) {
        self.closure = closure
    }

    func onText(text: String) throws {
        closure(text)
    }
}

final class ProgressClosure: ProgressListener {
    private let closure: @Sendable (LoadProgress) -> Void

    init(_ closure: @escaping @Sendable (LoadProgress) -> Void) {
        self.closure = closure
    }

    func onProgress(progress: LoadProgress) throws {
        closure(progress)
    }
}

extension SottovoceError: LocalizedError {
    /// A sentence that a person can act on.
    public var errorDescription: String? {
        switch self {
        case .Cancelled:
            return "cancelled"
        case .Fetch(let reason), .Package(let reason), .Input(let reason), .Conversation(let reason),
            .History(let reason), .Voice(let reason), .Foreign(let reason):
            return reason
        }
    }
}
