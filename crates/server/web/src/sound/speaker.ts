import { loudness } from './pcm';
import type { Order, Report } from './speaker.worklet';
import processor from './speaker.worklet?worker&url';

type Told = Order extends infer One ? (One extends Order ? Omit<One, 'number'> : never) : never;

/** Plays what is said, and knows how much of it was heard. */
export class Speaker {
  /** How loud it is, between 0 and 1. */
  level = 0;
  #number = 0;
  #stops = new Map<number, (played: number) => void>();

  /** `onEnd` is called when all that was given so far has been played. */
  private constructor(
    private readonly context: AudioContext,
    private readonly node: AudioWorkletNode,
    onEnd: () => void,
  ) {
    node.port.onmessage = ({ data }: MessageEvent<Report>) => {
      this.level = data.isEmpty ? 0 : loudness(data.samples);
      for (const [number, resolve] of this.#stops) {
        if (number > data.number) continue;
        this.#stops.delete(number);
        resolve(data.played);
      }
      if (data.isEmpty && data.number === this.#number) onEnd();
    };
  }

  static async open(context: AudioContext, onEnd: () => void): Promise<Speaker> {
    await context.audioWorklet.addModule(processor);
    const node = new AudioWorkletNode(context, 'speaker', { numberOfInputs: 0, outputChannelCount: [1] });
    node.connect(context.destination);
    return new Speaker(context, node, onEnd);
  }

  play(samples: Float32Array): void {
    this.#order({ kind: 'play', samples });
  }

  /** No more is given until something else is said. */
  end(): void {
    this.#order({ kind: 'end' });
  }

  /** Plays from now on so loud, between 0 and 1; at 0 it pauses. */
  setVolume(volume: number): void {
    this.#order({ kind: 'volume', volume });
  }

  /** Is silent at once, and as loud as at first with what comes next. Returns how many milliseconds were heard of what was said last. */
  async stop(): Promise<number> {
    // Nothing plays, or tells of it, where the browser keeps the page silent.
    if (this.context.state !== 'running') return 0;
    const played = await new Promise<number>((resolve) => this.#stops.set(this.#order({ kind: 'stop' }), resolve));
    // What was handed to the system is on its way for a moment.
    return Math.max(0, Math.round(1000 * (played - (this.context.outputLatency || 0))));
  }

  #order(order: Told): number {
    this.node.port.postMessage({ ...order, number: ++this.#number } as Order);
    return this.#number;
  }
}
