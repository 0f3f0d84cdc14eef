#if canImport(Speech)
    import AVFAudio
    import Foundation
    import Speech

    /// Apple's speech recogniser, on the device, in the place of this project's.
    ///
    /// The app's Info.plist needs `NSSpeechRecognitionUsageDescription`.
    public final class AppleRecognizer: SpeechRecognizer, @unchecked Sendable {
        private let recognizer: SFSpeechRecognizer
        /// Answers come here; the main queue, which is the default, may wait for the app.
        private let answers = OperationQueue()

        /// - Throws: `SottovoceError.Voice` where the user has not allowed it, or the device cannot do it for this language.
        public init(locale: Locale = .current) async throws {
            let status = await withCheckedContinuation { continuation in
                SFSpeechRecognizer.requestAuthorization { continuation.resume(returning: $0) }
            }
            guard status == .authorized else {
                throw SottovoceError.Voice(reason: "speech recognition is not allowed; the system's settings change that")
            }
            guard let recognizer = SFSpeechRecognizer(locale: locale), recognizer.supportsOnDeviceRecognition else {
                throw SottovoceError.Voice(reason: "this device does not recognise \(locale.identifier) by itself")
            }
            recognizer.queue = answers
            self.recognizer = recognizer
        }

        public func recognize(sound: Data) throws -> String {
            let samples = soundSamples(sound)
            guard !samples.isEmpty, let buffer = AVAudioPCMBuffer(samples, rate: Voice.microphoneRate) else { return "" }
            let request = SFSpeechAudioBufferRecognitionRequest()
            request.requiresOnDeviceRecognition = true
            request.shouldReportPartialResults = false
            request.append(buffer)
            request.endAudio()

            let done = DispatchSemaphore(value: 0)
            let outcome = Outcome()
            let task = recognizer.recognitionTask(with: request) { result, error in
                if let result, result.isFinal {
                    outcome.set(.success(result.bestTranscription.formattedString))
                } else if let error {
                    outcome.set(.failure(error))
                } else {
                    return
                }
                done.signal()
            }
            done.wait()
            task.cancel()
            switch outcome.value {
            case .success(let text):
                return text
            case .failure(let error as NSError) where error.isSilence:
                return ""
            case .failure(let error):
                throw SottovoceError.Voice(reason: error.localizedDescription)
            }
        }
    }

    extension NSError {
        /// What the recogniser says where it heard no words.
        fileprivate var isSilence: Bool {
            domain == "kAFAssistantErrorDomain" && code == 1110
        }
    }

    /// What came first of an answer that may be given more than once.
    private final class Outcome: @unchecked Sendable {
        private let lock = NSLock()
        private var first: Result<String, Error>?

        func set(_ result: Result<String, Error>) {
            lock.withLock { first = first ?? result }
        }

        var value: Result<String, Error> {
            lock.withLock { first ?? .success("") }
        }
    }
#endif
