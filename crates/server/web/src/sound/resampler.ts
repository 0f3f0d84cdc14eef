/** Zero crossings of the kernel on each side: more of them make the filter steeper. */
const LOBES = 16;

/**
 * Changes the rate of a stream of samples, by a windowed sinc. Positions are whole numbers, so that no error adds up. What
 * is pushed comes out when the kernel has passed it; `finish` gives the rest.
 */
export class Resampler {
  /** Each output lies `#step` / `#phases` inputs behind the last. */
  readonly #step: number;
  readonly #phases: number;
  readonly #half: number;
  readonly #kernels: Float32Array[];
  #input: Float32Array;
  /** Of the next output, in parts of an input, from the beginning of `#input`. */
  #at: number;

  constructor(from: number, to: number) {
    const common = divisor(from, to);
    this.#step = from / common;
    this.#phases = to / common;
    const cutoff = Math.min(1, to / from);
    this.#half = Math.ceil(LOBES / cutoff);
    this.#kernels = Array.from({ length: this.#phases }, (_, phase) =>
      kernel(phase / this.#phases, this.#half, cutoff),
    );
    this.#input = new Float32Array(this.#half);
    this.#at = this.#half * this.#phases;
  }

  push(samples: Float32Array): Float32Array {
    const input = new Float32Array(this.#input.length + samples.length);
    input.set(this.#input);
    input.set(samples, this.#input.length);
    const limit = (input.length - this.#half) * this.#phases;
    const output = new Float32Array(Math.max(0, Math.ceil((limit - this.#at) / this.#step)));
    for (let i = 0; i < output.length; i++) {
      const first = Math.floor(this.#at / this.#phases) - this.#half + 1;
      const weights = this.#kernels[this.#at % this.#phases] as Float32Array;
      let sum = 0;
      for (let k = 0; k < weights.length; k++) sum += (weights[k] as number) * (input[first + k] as number);
      output[i] = sum;
      this.#at += this.#step;
    }
    const passed = Math.max(0, Math.floor(this.#at / this.#phases) - this.#half);
    this.#input = input.slice(passed);
    this.#at -= passed * this.#phases;
    return output;
  }

  finish(): Float32Array {
    return this.push(new Float32Array(this.#half));
  }
}

/** The weights of the inputs around an output that lies `fraction` behind the input in the middle; their sum is one. */
function kernel(fraction: number, half: number, cutoff: number): Float32Array {
  const weights = Float32Array.from({ length: 2 * half }, (_, k) => {
    const distance = k - half + 1 - fraction;
    const window = Math.cos((Math.PI / 2) * Math.min(1, Math.abs(distance) / half)) ** 2;
    return sinc(distance * cutoff) * window;
  });
  const sum = weights.reduce((a, b) => a + b);
  return weights.map((weight) => weight / sum);
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

function divisor(a: number, b: number): number {
  return b === 0 ? a : divisor(b, a % b);
}
