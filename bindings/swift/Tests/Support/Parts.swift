import Foundation
import Sottovoce

/// A room: what is said in it is heard, and what is played has come out at once.
package final class Room: SoundDevice, @unchecked Sendable {
    private let queue = DispatchQueue(label: "room")
    private var heard: (@Sendable (Data) -> Void)?
    private var played: (@Sendable (UInt64, UInt64) -> Void)?
    private var sounds: [UInt64: UInt64] = [:]

    package init() {}

    package func start(
        rate: Double,
        heard: @escaping @Sendable (Data) -> Void,
        played: @escaping @Sendable (UInt64, UInt64) -> Void
    ) async throws {
        queue.sync { (self.heard, self.played) = (heard, played) }
    }

    /// Somebody says something.
    package func say(_ sound: Data) {
        queue.sync { heard }?(sound)
    }

    package func play(_ playback: Playback) {
        guard case .play(let answer, let sound) = playback else { return }
        queue.async {
            let all = self.sounds[answer, default: 0] + UInt64(sound.count / MemoryLayout<Float>.size)
            self.sounds[answer] = all
            self.played?(answer, all)
        }
    }

    package func stop() {
        queue.sync { (heard, played) = (nil, nil) }
    }

    /// Whether it has been let go of.
    package var isSilent: Bool {
        queue.sync { heard == nil && played == nil }
    }

    /// Samples that came out.
    package var samples: UInt64 {
        queue.sync { sounds.values.reduce(0, +) }
    }
}

/// A recogniser of an app's own: it hears one thing.
package final class Parrot: SpeechRecognizer {
    private let text: String

    package init(_ text: String) {
        self.text = text
    }

    package func recognize(sound: Data) throws -> String {
        text
    }
}

/// A recogniser that fails.
package final class Deaf: SpeechRecognizer {
    package init() {}

    package func recognize(sound: Data) throws -> String {
        throw SottovoceError.Voice(reason: "the microphone is unplugged")
    }
}

/// A voice of an app's own: it beeps once a clause.
package final class Beep: SpeechSynthesizer, @unchecked Sendable {
    private let lock = NSLock()
    private var clauses: [String] = []

    package init() {}

    /// What it was to say.
    package var said: String {
        lock.withLock { clauses.joined(separator: " ") }
    }

    package func sampleRate() -> UInt32 {
        8_000
    }

    package func voices() -> [String] {
        ["beep"]
    }

    package func synthesize(text: String, style: SpeakingStyle, sink: SampleSink) throws {
        lock.withLock { clauses.append(text) }
        _ = try sink.push(sound: [Float](repeating: 0.5, count: 800).withUnsafeBytes { Data($0) })
    }
}
