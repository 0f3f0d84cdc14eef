/** Samples as OpenAI's interface has them: integers of 16 bits, the low byte first, in Base64. */

/** Samples a second of that interface. */
export const RATE = 24_000;

export function toBase64(samples: Float32Array): string {
  const bytes = new DataView(new ArrayBuffer(2 * samples.length));
  samples.forEach((sample, i) => {
    bytes.setInt16(2 * i, Math.round(Math.max(-0x8000, Math.min(0x7fff, sample * 0x8000))), true);
  });
  return btoa(Array.from(new Uint8Array(bytes.buffer), (byte) => String.fromCharCode(byte)).join(''));
}

export function fromBase64(text: string): Float32Array {
  const bytes = new DataView(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
  return Float32Array.from({ length: bytes.byteLength >> 1 }, (_, i) => bytes.getInt16(2 * i, true) / 0x8000);
}

/** How loud samples are, between 0 and 1: ordinary speech is in the middle, and what nobody hears is 0. */
export function loudness(samples: Float32Array): number {
  const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / Math.max(1, samples.length);
  const decibels = 10 * Math.log10(power + 1e-10);
  return Math.max(0, Math.min(1, (decibels + 55) / 50));
}
