import Foundation
import Sottovoce

/// The folder of the repository's fixtures.
package let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../../../fixtures").standardized

/// The model that the tests talk with: `sottovoce pull` or the first test fetches it.
package let modelName = "smollm2-135m-instruct"

/// The recorded question "What is the capital of Japan?", as a microphone gives it.
package func recordedQuestion() throws -> Data {
    let header = 44
    let file = try Data(contentsOf: fixtures.appendingPathComponent("speech/question.wav")).dropFirst(header)
    let samples = file.withUnsafeBytes { $0.bindMemory(to: Int16.self).map { Float($0) / 32_768 } }
    return samples.withUnsafeBytes { Data($0) }
}

/// A history in a file of its own.
package func emptyHistory() throws -> History {
    try History.open(path: FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).db").path)
}
