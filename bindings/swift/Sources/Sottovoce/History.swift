import Foundation

extension History {
    /// The history in the app's documents of its own, which backups hold.
    public static func inApplicationSupport() async throws -> History {
        try await blocking { _ in
            let folder = try FileManager.default.url(
                for: .applicationSupportDirectory, in: .userDomainMask, appropriateFor: nil, create: true)
            return try History.open(path: folder.appending(path: "history.db").path(percentEncoded: false))
        }
    }

    /// Does something with the history where waiting for the disk blocks nobody.
    ///
    /// ```swift
    /// let page = try await history.perform { try $0.list(filter: HistoryFilter(search: "sea")) }
    /// ```
    public func perform<Value: Sendable>(_ work: @escaping @Sendable (History) throws -> Value) async throws -> Value {
        try await blocking { _ in try work(self) }
    }
}
