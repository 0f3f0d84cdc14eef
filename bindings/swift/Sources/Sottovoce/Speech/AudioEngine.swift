#if canImport(AVFAudio)
    import AVFAudio
    import Foundation

    /// Microphone and loudspeaker of an Apple device.
    ///
    /// The app's Info.plist needs `NSMicrophoneUsageDescription`.
    public final class AudioEngine: SoundDevice, @unchecked Sendable {
        private let engine = AVAudioEngine()
        private let player = AVAudioPlayerNode()
        private var rate: Double = 0
        private var heard: (@Sendable (Data) -> Void)?
        private var played: (@Sendable (UInt64, UInt64) -> Void)?
        private var changes: NSObjectProtocol?

        private let lock = NSLock()
        /// The answer that is being played, and how many of its samples have been. What was stopped counts no more.
        private var answer: UInt64 = 0
        private var samples: UInt64 = 0
        private var generation = 0

        public init() {
            engine.attach(player)
        }

        public func start(
            rate: Double,
            heard: @escaping @Sendable (Data) -> Void,
            played: @escaping @Sendable (UInt64, UInt64) -> Void
        ) async throws {
            guard await AVAudioApplication.requestRecordPermission() else {
                throw SottovoceError.Voice(reason: "the microphone is not allowed; the system's settings change that")
            }
            #if os(iOS)
                let session = AVAudioSession.sharedInstance()
                try session.setCategory(.playAndRecord, mode: .voiceChat, options: [.defaultToSpeaker, .allowBluetooth])
                try session.setActive(true)
            #endif
            (self.rate, self.heard, self.played) = (rate, heard, played)
            // Takes the loudspeaker out of what the microphone hears, so that the assistant does not interrupt itself.
            try engine.inputNode.setVoiceProcessingEnabled(true)
            try run()
            // Another microphone or loudspeaker, such as headphones, stops the engine, and may have another format.
            changes = NotificationCenter.default.addObserver(
                forName: .AVAudioEngineConfigurationChange, object: engine, queue: nil
            ) { [weak self] _ in
                self?.engine.inputNode.removeTap(onBus: 0)
                try? self?.run()
            }
        }

        private func run() throws {
            let format = engine.inputNode.outputFormat(forBus: 0)
            let converter = try RateConverter(from: format, to: Voice.microphoneRate)
            let heard = heard
            engine.inputNode.installTap(onBus: 0, bufferSize: 1_024, format: format) { buffer, _ in
                guard let sound = try? converter.convert(buffer) else { return }
                heard?(sound)
            }
            let mono = AVAudioFormat(standardFormatWithSampleRate: rate, channels: 1)
            engine.connect(player, to: engine.mainMixerNode, format: mono)
            engine.prepare()
            try engine.start()
            player.play()
        }

        public func stop() {
            changes.map(NotificationCenter.default.removeObserver)
            changes = nil
            engine.inputNode.removeTap(onBus: 0)
            player.stop()
            engine.stop()
            (heard, played) = (nil, nil)
            #if os(iOS)
                try? AVAudioSession.sharedInstance().setActive(false, options: .notifyOthersOnDeactivation)
            #endif
        }

        public func play(_ playback: Playback) {
            switch playback {
            case .play(let answer, let sound):
                play(answer, soundSamples(sound))
            case .duck:
                player.volume = 0.25
            case .pause:
                player.pause()
            case .resume:
                player.volume = 1
                player.play()
            case .stop:
                lock.withLock { generation += 1 }
                player.stop()
                player.volume = 1
                player.play()
            }
        }

        /// In pieces of a tenth of a second, so that what was heard is known as exactly.
        private func play(_ answer: UInt64, _ sound: [Float]) {
            let piece = Int(rate / 10)
            let generation = lock.withLock { self.generation }
            for begin in stride(from: 0, to: sound.count, by: piece) {
                let samples = [Float](sound[begin..<min(begin + piece, sound.count)])
                guard let buffer = AVAudioPCMBuffer(samples, rate: rate) else { continue }
                player.scheduleBuffer(buffer, completionCallbackType: .dataPlayedBack) { [weak self] _ in
                    self?.hasPlayed(answer, UInt64(samples.count), generation)
                }
            }
        }

        private func hasPlayed(_ answer: UInt64, _ count: UInt64, _ generation: Int) {
            let total: UInt64? = lock.withLock {
                guard generation == self.generation else { return nil }
                samples = answer == self.answer ? samples + count : count
                self.answer = answer
                return samples
            }
            if let total { played?(answer, total) }
        }
    }

    extension Voice {
        /// On microphone and loudspeaker of this device.
        public convenience init(_ conversation: Conversation, parts: VoiceParts, options: VoiceOptions = .handsFree) {
            self.init(conversation, parts: parts, options: options, device: AudioEngine())
        }
    }

    #if canImport(Speech)
        extension VoiceParts {
            /// Apple's recogniser and voice, which need nothing to be fetched.
            ///
            /// - Parameter detector: Hears that somebody speaks: `VoiceDetector.open` reads the file that the app brings with it.
            public static func apple(detector: VoiceDetector, locale: Locale = .current) async throws -> VoiceParts {
                let language = locale.identifier(.bcp47)
                return VoiceParts(
                    detector: detector,
                    recognizer: try await AppleRecognizer(locale: locale),
                    synthesizer: AppleSynthesizer(language: language))
            }
        }
    #endif
#endif
