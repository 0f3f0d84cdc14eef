import SottovoceTestSupport
import XCTest

@testable import Sottovoce

final class PackageTests: XCTestCase {
    func testPredictsOnState() throws {
        let path = fixtures.appendingPathComponent("coremltools/llama-int4.mlpackage").path
        let package = try Package.load(path: path, options: LoadOptions(exact: true))
        let state = package.newState()
        for (past, id) in [Int32(1), 2, 3].enumerated() {
            let mask = [Float16](repeating: 0, count: past + 1)
            let outputs = try package.predict(
                inputs: [
                    "inputIds": MultiArray([id], shape: [1, 1]),
                    "causalMask": MultiArray(mask, shape: [1, 1, 1, past + 1]),
                ],
                state: state)
            let logits: [Float] = try XCTUnwrap(outputs["logits"]?.elements())
            XCTAssertTrue(logits.allSatisfy(\.isFinite))
            XCTAssertEqual(state.length(), UInt32(past + 1))
        }
    }

    func testDamageIsAnError() {
        XCTAssertThrowsError(try inspect(path: "nowhere.mlpackage")) { error in
            guard case SottovoceError.Package(let reason) = error else { return XCTFail("\(error)") }
            XCTAssertTrue(reason.contains("nowhere.mlpackage"))
        }
    }

    func testHistoryIsSearched() async throws {
        let history = try emptyHistory()
        let found = try await history.perform { history in
            let id = try history.create(title: "The sea").id
            _ = try history.append(conversation: id, role: .user, text: "Why is it salty?")
            return try history.list(filter: HistoryFilter(search: "SALT")).conversations.map(\.conversation.title)
        }
        XCTAssertEqual(found, ["The sea"])
    }
}
