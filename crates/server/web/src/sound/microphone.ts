import { loudness } from './pcm';
import processor from './microphone.worklet?worker&url';

/** Hears the person. */
export class Microphone {
  /** How loud it is, between 0 and 1. */
  level = 0;
  readonly #track: MediaStreamTrack;

  private constructor(
    stream: MediaStream,
    node: AudioWorkletNode,
    onSound: (samples: Float32Array) => void,
    onLost: () => void,
  ) {
    this.#track = stream.getAudioTracks()[0] as MediaStreamTrack;
    this.#track.onended = onLost;
    node.port.onmessage = ({ data }: MessageEvent<Float32Array>) => {
      this.level = loudness(data);
      onSound(data);
    };
  }

  /**
   * Asks for the microphone. `onSound` gets what it hears, at the interface's rate; while it is muted, silence. Throws what
   * `refusal` has words for.
   */
  static async open(
    context: AudioContext,
    onSound: (samples: Float32Array) => void,
    onLost: () => void,
  ): Promise<Microphone> {
    const loading = context.audioWorklet.addModule(processor);
    // The browser takes its own sound out, so that the assistant does not hear itself.
    const audio = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 };
    const stream = await navigator.mediaDevices.getUserMedia({ audio });
    try {
      await loading;
      const node = new AudioWorkletNode(context, 'microphone', { numberOfOutputs: 1, channelCount: 1 });
      // It gives no sound out, but only what leads to the speaker is sure to run.
      context.createMediaStreamSource(stream).connect(node).connect(context.destination);
      return new Microphone(stream, node, onSound, onLost);
    } catch (error) {
      stream.getTracks().forEach((track) => track.stop());
      throw error;
    }
  }

  set isMuted(muted: boolean) {
    this.#track.enabled = !muted;
  }

  close(): void {
    this.#track.onended = null;
    this.#track.stop();
  }
}

/** Why there is no microphone. */
export function refusal(error: unknown): string {
  const { name, message } = error as Error;
  if (name === 'NotAllowedError')
    return 'This page may not use the microphone. The browser’s settings for this page allow it.';
  if (name === 'NotFoundError') return 'There is no microphone.';
  if (name === 'NotReadableError') return 'The microphone cannot be used; another program may have it.';
  return `The microphone cannot be used: ${message}`;
}
