/** Hands on what the microphone hears, in pieces of 40 ms at the interface's rate. */

import { RATE } from './pcm';
import { Resampler } from './resampler';

const PIECE = RATE / 25;

class MicrophoneProcessor extends AudioWorkletProcessor {
  readonly #resampler = new Resampler(sampleRate, RATE);
  #piece = new Float32Array(PIECE);
  #length = 0;

  process([input]: Float32Array[][]): boolean {
    const samples = input?.[0];
    if (samples) this.#resampler.push(samples).forEach((sample) => this.#add(sample));
    return true;
  }

  #add(sample: number): void {
    this.#piece[this.#length++] = sample;
    if (this.#length < PIECE) return;
    this.port.postMessage(this.#piece, [this.#piece.buffer]);
    this.#piece = new Float32Array(PIECE);
    this.#length = 0;
  }
}

registerProcessor('microphone', MicrophoneProcessor);
