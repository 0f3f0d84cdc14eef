#if canImport(AVFAudio)
    import AVFAudio
    import Foundation

    /// Apple's speech synthesiser in the place of this project's.
    public final class AppleSynthesizer: SpeechSynthesizer, @unchecked Sendable {
        private let language: String
        private let rate: Double = 24_000

        public init(language: String = AVSpeechSynthesisVoice.currentLanguageCode()) {
            self.language = language
        }

        public func sampleRate() -> UInt32 {
            UInt32(rate)
        }

        /// The voices of the language: the one that the user chose for it first.
        public func voices() -> [String] {
            let chosen = AVSpeechSynthesisVoice(language: language).map { [$0] } ?? []
            let all = AVSpeechSynthesisVoice.speechVoices().filter { $0.language == language }
            return (chosen + all.filter { !chosen.contains($0) }).map(\.identifier)
        }

        public func synthesize(text: String, style: SpeakingStyle, sink: SampleSink) throws {
            let utterance = AVSpeechUtterance(string: text)
            utterance.voice =
                style.voice.flatMap(AVSpeechSynthesisVoice.init(identifier:)) ?? AVSpeechSynthesisVoice(language: language)
            // Half of the scale is the voice's own pace, and all of it about twice that.
            let pace = Double(AVSpeechUtteranceDefaultSpeechRate) * Double(style.speed)
            utterance.rate = Float(min(max(pace, Double(AVSpeechUtteranceMinimumSpeechRate)), 1))

            let synthesizer = AVSpeechSynthesizer()
            let job = Job(sink: sink, rate: rate)
            synthesizer.write(utterance) { buffer in
                if !job.take(buffer) {
                    synthesizer.stopSpeaking(at: .immediate)
                }
            }
            try job.wait()
        }
    }

    /// The sound of one utterance on its way to the sink.
    private final class Job: @unchecked Sendable {
        private let sink: SampleSink
        private let rate: Double
        private let done = DispatchSemaphore(value: 0)
        private var converter: RateConverter?
        private var error: Error?
        private var isOver = false

        init(sink: SampleSink, rate: Double) {
            self.sink = sink
            self.rate = rate
        }

        /// Takes a buffer, the last of which is empty. Returns whether more is wanted.
        func take(_ buffer: AVAudioBuffer) -> Bool {
            guard !isOver else { return false }
            guard let buffer = buffer as? AVAudioPCMBuffer, buffer.frameLength > 0 else {
                end()
                return true
            }
            do {
                let converter = try converter ?? RateConverter(from: buffer.format, to: rate)
                self.converter = converter
                let wanted = try sink.push(sound: try converter.convert(buffer))
                if !wanted { end() }
                return wanted
            } catch {
                self.error = error
                end()
                return false
            }
        }

        private func end() {
            isOver = true
            done.signal()
        }

        func wait() throws {
            done.wait()
            if let error { throw error }
        }
    }
#endif
