import Sottovoce
import SottovoceTestSupport
import XCTest

@testable import ExampleAssistant

/// What the example app does, without its views.
final class AssistantTests: XCTestCase {
    @MainActor
    private func assistant() async throws -> Assistant {
        let assistant = Assistant(model: modelName)
        assistant.engine = .own
        assistant.temperature = 0
        await assistant.open(history: try emptyHistory())
        XCTAssertFalse(assistant.hasProblem, assistant.problem)
        XCTAssertTrue(assistant.isReady)
        return assistant
    }

    /// Asks, and waits for the whole answer.
    @MainActor
    private func ask(_ question: String, _ assistant: Assistant) async {
        assistant.ask(question)
        while assistant.isAnswering { await Task.yield() }
    }

    @MainActor
    func testAQuestionIsAnsweredAndKept() async throws {
        let assistant = try await assistant()
        XCTAssertEqual(assistant.status?.backend, .cpu)
        await ask("What is the capital of Japan?", assistant)
        XCTAssertEqual(assistant.lines.map(\.role), [.user, .assistant])
        XCTAssertTrue(assistant.lines[1].text.contains("Tokyo"), assistant.lines[1].text)

        let first = try XCTUnwrap(assistant.selected)
        await assistant.reset()
        XCTAssertTrue(assistant.lines.isEmpty && assistant.selected == nil)
        await ask("What is the capital of France?", assistant)
        XCTAssertEqual(assistant.conversations.count, 2)
        assistant.search = "TOKYO"
        await assistant.list()
        XCTAssertEqual(assistant.conversations.map(\.conversation.id), [first])

        await assistant.select(first)
        XCTAssertTrue(assistant.lines[1].text.contains("Tokyo"))
        XCTAssertEqual(try assistant.conversation?.messages().count, 3)
        await assistant.delete(first)
        XCTAssertTrue(assistant.lines.isEmpty && assistant.conversations.isEmpty)
        assistant.search = ""
        await assistant.deleteAll()
        XCTAssertTrue(assistant.conversations.isEmpty)
        XCTAssertFalse(assistant.hasProblem, assistant.problem)
    }

    @MainActor
    func testANewConversationWhileAnAnswerIsMade() async throws {
        let assistant = try await assistant()
        assistant.ask("Count from 1 to 1000.")
        while assistant.lines.last?.text.isEmpty == true { await Task.yield() }
        await assistant.reset()
        XCTAssertTrue(assistant.lines.isEmpty && !assistant.isAnswering)
        await ask("What is the capital of Japan?", assistant)
        XCTAssertTrue(assistant.lines[1].text.contains("Tokyo"), assistant.lines[1].text)
        XCTAssertEqual(assistant.conversations.count, 2)
        XCTAssertFalse(assistant.hasProblem, assistant.problem)
    }

    @MainActor
    func testWhatCannotRunIsToldAndTheConversationStays() async throws {
        let assistant = try await assistant()
        await ask("What is the capital of Japan?", assistant)
        assistant.engine = .coreMlOnCpu
        await assistant.load()
        assistant.engine = .own
        #if os(Linux)
            XCTAssertTrue(assistant.problem.contains("macOS 15 or iOS 18"), assistant.problem)
        #endif
        XCTAssertEqual(assistant.lines.count, 2)
        await ask("What is its population?", assistant)
        XCTAssertEqual(assistant.lines.count, 4)
    }

    @MainActor
    func testATalkIsShownAndKept() async throws {
        let (assistant, room) = (try await assistant(), Room())
        let conversation = try XCTUnwrap(assistant.conversation)
        let parts = VoiceParts(
            detector: try ModelStore.inCaches().voiceDetector(), recognizer: Parrot("What is the capital of Japan?"),
            synthesizer: Beep())
        let voice = Voice(conversation, parts: parts, options: .pushToTalk, device: room)
        let talk = Talk(assistant)
        let talking = Task { await talk.run(voice) }
        while room.isSilent { await Task.yield() }
        voice.setPressed(true)
        room.say(try recordedQuestion())
        voice.setPressed(false)
        while assistant.conversations.isEmpty || assistant.lines.count < 2 { await Task.yield() }
        talking.cancel()
        await talking.value
        XCTAssertEqual(talk.heard, "What is the capital of Japan?")
        XCTAssertEqual(assistant.lines.map(\.role), [.user, .assistant])
        XCTAssertTrue(room.isSilent)
        XCTAssertFalse(assistant.hasProblem, assistant.problem)
    }
}
