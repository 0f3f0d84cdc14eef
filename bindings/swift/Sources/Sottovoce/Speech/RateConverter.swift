#if canImport(AVFAudio)
    import AVFAudio
    import Foundation

    extension AVAudioPCMBuffer {
        /// Mono sound.
        convenience init?(_ samples: [Float], rate: Double) {
            guard let format = AVAudioFormat(standardFormatWithSampleRate: rate, channels: 1) else { return nil }
            self.init(pcmFormat: format, frameCapacity: AVAudioFrameCount(samples.count))
            guard let channel = floatChannelData?[0] else { return nil }
            frameLength = AVAudioFrameCount(samples.count)
            samples.withUnsafeBufferPointer { channel.update(from: $0.baseAddress!, count: $0.count) }
        }
    }

    /// Makes mono sound of one sample rate from a stream of any format.
    final class RateConverter {
        private let converter: AVAudioConverter
        private let ratio: Double

        /// - Throws: `SottovoceError.Voice` where the system knows no way.
        init(from format: AVAudioFormat, to rate: Double) throws {
            guard let mono = AVAudioFormat(standardFormatWithSampleRate: rate, channels: 1),
                let converter = AVAudioConverter(from: format, to: mono)
            else {
                throw SottovoceError.Voice(reason: "sound of \(format) cannot be converted to \(rate) samples a second")
            }
            self.converter = converter
            ratio = rate / format.sampleRate
        }

        /// The next sound of the stream, as bytes.
        func convert(_ buffer: AVAudioPCMBuffer) throws -> Data {
            let room = AVAudioFrameCount((Double(buffer.frameLength) * ratio).rounded(.up)) + 64
            guard let converted = AVAudioPCMBuffer(pcmFormat: converter.outputFormat, frameCapacity: room) else {
                throw SottovoceError.Voice(reason: "there is no memory for \(room) samples")
            }
            var given = false
            var failure: NSError?
            converter.convert(to: converted, error: &failure) { _, status in
                // One buffer each time: the converter keeps what it needs for the next.
                status.pointee = given ? .noDataNow : .haveData
                defer { given = true }
                return given ? nil : buffer
            }
            if let failure {
                throw SottovoceError.Voice(reason: failure.localizedDescription)
            }
            guard let channel = converted.floatChannelData?[0] else { return Data() }
            return soundBytes(UnsafeBufferPointer(start: channel, count: Int(converted.frameLength)))
        }
    }
#endif
