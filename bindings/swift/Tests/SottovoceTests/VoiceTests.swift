import SottovoceTestSupport
import XCTest

@testable import Sottovoce

/// Spoken conversations in a room, with the parts of an app and with those of this project.
final class VoiceTests: XCTestCase {
    private let japan = "What is the capital of Japan?"
    private let options = VoiceOptions(
        mode: .pushToTalk, answer: AnswerOptions(temperature: 0), style: SpeakingStyle())

    private struct Turn {
        var question = ""
        var answer = ""
        var whole = false
        var failure: String?
    }

    /// Says the recorded question with the button held, and listens until it was answered or something failed.
    private func converse(_ conversation: Conversation, in room: Room, parts: VoiceParts) async throws -> (Turn, Voice) {
        let voice = Voice(conversation, parts: parts, options: options, device: room)
        var turn = Turn()
        let events = try await voice.start()
        voice.setPressed(true)
        room.say(try recordedQuestion())
        voice.setPressed(false)
        for await event in events {
            switch event {
            case .question(let text): turn.question = text
            case .answered(let text, let whole): (turn.answer, turn.whole) = (text, whole)
            case .failed(let reason): turn.failure = reason
            default: continue
            }
            if turn.failure != nil || !turn.answer.isEmpty { break }
        }
        return (turn, voice)
    }

    private func conversation() async throws -> Conversation {
        try await LanguageModel.load(modelName).conversation(system: "Answer in one sentence.")
    }

    func testPartsOfAnAppTalk() async throws {
        let (room, beep) = (Room(), Beep())
        let parts = VoiceParts(
            detector: try ModelStore.inCaches().voiceDetector(), recognizer: Parrot(japan), synthesizer: beep)
        let (turn, voice) = try await converse(try await conversation(), in: room, parts: parts)
        XCTAssertNil(turn.failure)
        XCTAssertEqual(turn.question, japan)
        XCTAssertTrue(turn.answer.contains("Tokyo") && turn.whole, turn.answer)
        XCTAssertTrue(beep.said.contains("Tokyo"), beep.said)
        XCTAssertGreaterThan(room.samples, 0)
        voice.stop()
        XCTAssertTrue(room.isSilent)
    }

    func testPartsOfThisProjectTalk() async throws {
        let (room, store) = (Room(), try ModelStore.inCaches())
        let parts = VoiceParts(
            detector: try store.voiceDetector(), turns: try store.turnDetector(), recognizer: try store.recognizer(),
            synthesizer: try store.synthesizer(engine: .hibari))
        let conversation = try await conversation()
        let (turn, _) = try await converse(conversation, in: room, parts: parts)
        XCTAssertNil(turn.failure)
        XCTAssertEqual(turn.question.lowercased().filter(\.isLetter), japan.lowercased().filter(\.isLetter))
        XCTAssertTrue(turn.answer.contains("Tokyo"), turn.answer)
        XCTAssertGreaterThan(room.samples, 12_000)
        XCTAssertEqual(try conversation.messages().map(\.role), [.system, .user, .assistant])
    }

    func testWhatAPartThrowsIsTold() async throws {
        let parts = VoiceParts(
            detector: try ModelStore.inCaches().voiceDetector(), recognizer: Deaf(), synthesizer: Beep())
        let (turn, _) = try await converse(try await conversation(), in: Room(), parts: parts)
        XCTAssertTrue(turn.failure?.contains("unplugged") == true, "\(turn)")
    }

    /// Whoever no longer reads the events ends the conversation, and so does a task that is cancelled.
    func testLeavingTheEventsLetsGoOfTheDevice() async throws {
        let room = Room()
        let parts = VoiceParts(
            detector: try ModelStore.inCaches().voiceDetector(), recognizer: Parrot(japan), synthesizer: Beep())
        let voice = Voice(try await conversation(), parts: parts, options: options, device: room)
        let (begun, hasBegun) = AsyncStream.makeStream(of: Void.self)
        let reading = Task {
            let events = try await voice.start()
            hasBegun.yield()
            for await _ in events {}
        }
        for await _ in begun { break }
        XCTAssertFalse(room.isSilent)
        do {
            _ = try await voice.start()
            XCTFail("it was begun twice")
        } catch SottovoceError.Voice(let reason) {
            XCTAssertTrue(reason.contains("under way"), reason)
        }
        reading.cancel()
        try await reading.value
        XCTAssertTrue(room.isSilent)
    }
}
