#if canImport(AVFAudio)
    import AVFAudio
    import Foundation

    /// A spoken conversation: microphone and loudspeaker of the device on a conversation with a model.
    ///
    /// ```swift
    /// let voice = try Voice(conversation, parts: .apple(detector: detector))
    /// for await event in try voice.start() {
    ///     if case .caption(let text) = event { caption = text }
    /// }
    /// ```
    ///
    /// The app's Info.plist needs `NSMicrophoneUsageDescription`.
    public final class Voice: @unchecked Sendable {
        /// Samples a second that the parts which hear take.
        static let microphoneRate: Double = 16_000

        private let conversation: Conversation
        private let parts: VoiceParts
        private let options: VoiceOptions
        private let engine = AVAudioEngine()
        private var speaker: Speaker?
        private var talk: VoiceConversation?

        public init(_ conversation: Conversation, parts: VoiceParts, options: VoiceOptions = .handsFree) {
            self.conversation = conversation
            self.parts = parts
            self.options = options
        }

        /// Begins to listen. The events end when the conversation is stopped; whoever stops reading them stops it.
        ///
        /// - Throws: `SottovoceError`, or what the audio system throws where there is no microphone.
        public func start() throws -> AsyncStream<VoiceEvent> {
            #if os(iOS)
                let session = AVAudioSession.sharedInstance()
                try session.setCategory(.playAndRecord, mode: .voiceChat, options: [.defaultToSpeaker, .allowBluetooth])
                try session.setActive(true)
            #endif
            // Takes the loudspeaker out of what the microphone hears, so that the assistant does not interrupt itself.
            try engine.inputNode.setVoiceProcessingEnabled(true)
            let speaker = Speaker(engine, rate: Double(parts.synthesizer.sampleRate()))
            let (events, continuation) = AsyncStream.makeStream(of: VoiceEvent.self)
            let listener = Listener(speaker: speaker, events: continuation)
            let talk = try VoiceConversation.start(
                conversation: conversation, parts: parts, options: options, listener: listener)
            speaker.played = { [weak talk] answer, samples in talk?.played(answer: answer, samples: samples) }
            do {
                try hear(talk)
                try engine.start()
            } catch {
                talk.stop()
                throw error
            }
            speaker.start()
            self.speaker = speaker
            self.talk = talk
            continuation.onTermination = { [weak self] _ in self?.stop() }
            return events
        }

        private func hear(_ talk: VoiceConversation) throws {
            let format = engine.inputNode.outputFormat(forBus: 0)
            let converter = try RateConverter(from: format, to: Self.microphoneRate)
            engine.inputNode.installTap(onBus: 0, bufferSize: 1_024, format: format) { buffer, _ in
                guard let sound = try? converter.convert(buffer) else { return }
                try? talk.hear(sound: sound)
            }
        }

        /// Ends the conversation.
        public func stop() {
            guard let talk else { return }
            self.talk = nil
            engine.inputNode.removeTap(onBus: 0)
            engine.stop()
            speaker = nil
            // It waits for its parts to let go.
            DispatchQueue.global().async { talk.stop() }
        }

        /// Push to talk is held, or let go.
        public func setPressed(_ pressed: Bool) {
            if pressed { talk?.press() } else { talk?.release() }
        }

        /// Ends what is being said.
        public func interrupt() {
            talk?.interrupt()
        }

        /// From now on nothing is heard or said, or all is as before.
        public func setMuted(_ muted: Bool) {
            talk?.setMuted(muted: muted)
        }
    }

    extension VoiceOptions {
        /// Speech begins a turn, and silence ends it.
        public static var handsFree: VoiceOptions {
            VoiceOptions(mode: .handsFree, answer: AnswerOptions(), style: SpeakingStyle())
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

    /// Plays answers, and tells how much of each has come out.
    private final class Speaker: @unchecked Sendable {
        var played: ((UInt64, UInt64) -> Void)?

        private let player = AVAudioPlayerNode()
        private let rate: Double
        private let lock = NSLock()
        /// The answer that is being played, and how many of its samples have been. What was stopped counts no more.
        private var answer: UInt64 = 0
        private var samples: UInt64 = 0
        private var generation = 0

        init(_ engine: AVAudioEngine, rate: Double) {
            self.rate = rate
            engine.attach(player)
            engine.connect(
                player, to: engine.mainMixerNode, format: AVAudioFormat(standardFormatWithSampleRate: rate, channels: 1))
        }

        func start() {
            player.play()
        }

        func handle(_ playback: Playback) {
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
            for begin in stride(from: 0, to: sound.count, by: piece) {
                let samples = [Float](sound[begin..<min(begin + piece, sound.count)])
                guard let buffer = AVAudioPCMBuffer(samples, rate: rate) else { continue }
                let generation = lock.withLock { self.generation }
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

    private final class Listener: VoiceListener {
        private let speaker: Speaker
        private let events: AsyncStream<VoiceEvent>.Continuation

        init(speaker: Speaker, events: AsyncStream<VoiceEvent>.Continuation) {
            self.speaker = speaker
            self.events = events
        }

        deinit {
            events.finish()
        }

        func onEvent(event: VoiceEvent) throws {
            events.yield(event)
        }

        func onPlayback(playback: Playback) throws {
            speaker.handle(playback)
        }
    }
#endif
