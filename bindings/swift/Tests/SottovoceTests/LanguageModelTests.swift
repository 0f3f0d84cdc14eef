import SottovoceTestSupport
import XCTest

@testable import Sottovoce

private let likeliest = AnswerOptions(temperature: 0)
private let japan = "What is the capital of Japan?"

final class LanguageModelTests: XCTestCase {
    private static let loading = Task { try await LanguageModel.load(modelName) }

    private func conversation() async throws -> Conversation {
        try await Self.loading.value.conversation(system: "Answer in one sentence.")
    }

    func testAnswersStream() async throws {
        let conversation = try await conversation()
        var pieces: [String] = []
        for try await piece in conversation.respond(to: japan, options: likeliest) { pieces.append(piece) }
        XCTAssertGreaterThan(pieces.count, 2)
        XCTAssertTrue(pieces.joined().contains("Tokyo"))
        XCTAssertEqual(try conversation.messages().map(\.role), [.system, .user, .assistant])
        XCTAssertEqual(try conversation.messages().last?.text, pieces.joined())

        let held = try conversation.tokens()
        let options = AnswerOptions(temperature: 0, maxTokens: 8)
        let second = try await conversation.answer(to: "Is it large?", options: options)
        XCTAssertGreaterThanOrEqual(second.reusedTokens, held - 1)
        XCTAssertLessThanOrEqual(second.generatedTokens, 8)
    }

    /// The reader's task is cancelled; what was said stays, and the next question need not wait for anything.
    func testCancellingTheTaskEndsTheAnswer() async throws {
        let conversation = try await conversation()
        let (begun, hasBegun) = AsyncStream.makeStream(of: Void.self)
        let reading = Task {
            var text = ""
            for try await piece in conversation.respond(to: "Count from 1 to 1000.", options: likeliest) {
                text += piece
                hasBegun.yield()
            }
            return text
        }
        for await _ in begun { break }
        reading.cancel()
        let text = try await reading.value
        XCTAssertFalse(text.isEmpty)
        let answer = try await conversation.answer(to: japan, options: likeliest)
        XCTAssertTrue(answer.text.contains("Tokyo"), answer.text)
        let said = try conversation.messages()
        XCTAssertEqual(said.count, 5)
        XCTAssertTrue(said[2].text.hasPrefix(text))
    }

    func testLeavingTheStreamEndsTheAnswer() async throws {
        let conversation = try await conversation()
        for try await _ in conversation.respond(to: "Count from 1 to 1000.", options: likeliest) { break }
        let answer = try await conversation.answer(to: japan, options: likeliest)
        XCTAssertTrue(answer.text.contains("Tokyo"), answer.text)
    }

    func testCancellingATaskThatLoads() async throws {
        let (told, isTold) = AsyncStream.makeStream(of: Void.self)
        let goesOn = DispatchSemaphore(value: 0)
        let loading = Task {
            try await LanguageModel.load(modelName) { _ in
                isTold.yield()
                goesOn.wait()
            }
        }
        for await _ in told { break }
        loading.cancel()
        goesOn.signal()
        do {
            _ = try await loading.value
            XCTFail("it was loaded")
        } catch is CancellationError {}
    }

    func testErrorsAreSentences() async throws {
        do {
            _ = try await LanguageModel.load("gpt-9")
            XCTFail("it was loaded")
        } catch let error as SottovoceError {
            guard case .Fetch = error else { return XCTFail("\(error)") }
            XCTAssertTrue(error.localizedDescription.contains("there is no file or folder 'gpt-9'"), error.localizedDescription)
        }
        do {
            for try await _ in try await conversation().respond(to: "Hello", options: AnswerOptions(temperature: -1)) {}
            XCTFail("it was answered")
        } catch SottovoceError.Input(let reason) {
            XCTAssertTrue(reason.contains("temperature is -1"), reason)
        }
    }

    func testTextsGoOn() async throws {
        let model = try await Self.loading.value
        var text = ""
        for try await piece in model.complete("One, two, three, four,", options: AnswerOptions(temperature: 0, maxTokens: 6)) {
            text += piece
        }
        XCTAssertTrue(text.contains("five"), text)
        XCTAssertEqual(model.detokenize(ids: try model.tokenize(text: "Grüße, 世界! 🙂")), "Grüße, 世界! 🙂")
    }

    func testAModelSaysHowItRuns() async throws {
        let status = try await Self.loading.value.status()
        XCTAssertTrue(status.package.hasSuffix(".mlpackage"))
        XCTAssertEqual(status.backend, .cpu)
        XCTAssertEqual(status.context, 2_048)
    }
}
