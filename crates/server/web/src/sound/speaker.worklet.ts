/** Plays what it is given, and tells what of it was played. */

import { RATE } from './pcm';
import { Resampler } from './resampler';

/** To the speaker. `number` comes back with the next report. */
export type Order = { number: number } & (
  | { kind: 'play'; samples: Float32Array }
  /** Silence, at 0, keeps what there is. */
  | { kind: 'volume'; volume: number }
  /** There is no more. */
  | { kind: 'end' }
  /** Silence at once; what comes next is counted anew, and as loud as at first. */
  | { kind: 'stop' }
);

/** From the speaker. */
export interface Report {
  /** Of the last order. */
  number: number;
  /** Seconds that were played; with a stop, until then. */
  played: number;
  isEmpty: boolean;
  /** What was just played. */
  samples: Float32Array;
}

/** Frames between two reports: some 20 ms. */
const INTERVAL = 1024;

class SpeakerProcessor extends AudioWorkletProcessor {
  #resampler = new Resampler(RATE, sampleRate);
  #queue: Float32Array[] = [];
  #offset = 0;
  #played = 0;
  #number = 0;
  #recent = new Float32Array(INTERVAL);
  #length = 0;
  #volume = 1;
  /** How loud the last sample was played. */
  #gain = 1;
  #isFading = false;
  #wasEmpty = true;

  constructor() {
    super();
    this.port.onmessage = ({ data }: MessageEvent<Order>) => this.#obey(data);
  }

  process(_: Float32Array[][], [output]: Float32Array[][]): boolean {
    const channel = output?.[0];
    if (!channel) return true;
    const [from, to] = [this.#gain, this.#isFading ? 0 : this.#volume];
    for (let i = 0; i < channel.length; i++) {
      // Sound that breaks off within a wave clicks.
      const gain = from + ((to - from) * (i + 1)) / channel.length;
      channel[i] = from === 0 && to === 0 ? 0 : this.#next() * gain;
    }
    this.#gain = to;
    this.#recent.set(channel, this.#length);
    this.#length += channel.length;
    if (this.#isFading) this.#silence();
    else if (this.#length >= INTERVAL) this.#report();
    return true;
  }

  #obey(order: Order): void {
    this.#number = order.number;
    if (order.kind === 'stop') {
      this.#isFading = true;
      return;
    }
    if (order.kind === 'volume') {
      this.#volume = order.volume;
      return;
    }
    const samples = order.kind === 'play' ? this.#resampler.push(order.samples) : this.#resampler.finish();
    if (samples.length > 0) this.#queue.push(samples);
    this.#wasEmpty = false;
  }

  #next(): number {
    const samples = this.#queue[0];
    if (!samples) return 0;
    const sample = samples[this.#offset++] as number;
    this.#played++;
    if (this.#offset === samples.length) {
      this.#queue.shift();
      this.#offset = 0;
    }
    return sample;
  }

  #silence(): void {
    this.#queue = [];
    this.#offset = 0;
    this.#isFading = false;
    this.#volume = this.#gain = 1;
    this.#wasEmpty = false;
    this.#report();
    this.#played = 0;
    this.#resampler = new Resampler(RATE, sampleRate);
  }

  #report(): void {
    const isEmpty = this.#queue.length === 0;
    const samples = this.#recent.slice(0, this.#length);
    this.#length = 0;
    // Silence is told once.
    if (isEmpty && this.#wasEmpty) return;
    this.#wasEmpty = isEmpty;
    const report: Report = { number: this.#number, played: this.#played / sampleRate, isEmpty, samples };
    this.port.postMessage(report);
  }
}

registerProcessor('speaker', SpeakerProcessor);
