import { describe, expect, test } from 'vitest';

import { fromBase64, loudness, toBase64 } from '../../src/sound/pcm';
import { Resampler } from '../../src/sound/resampler';

function sine(frequency: number, rate: number, length: number, amplitude = 0.5): Float32Array {
  return Float32Array.from({ length }, (_, i) => amplitude * Math.sin((2 * Math.PI * frequency * i) / rate));
}

function joined(pieces: Float32Array[]): Float32Array {
  return Float32Array.from(pieces.flatMap((piece) => [...piece]));
}

/** The largest difference away from both ends, where the filter meets silence. */
function difference(a: Float32Array, b: Float32Array, margin = 200): number {
  return Math.max(...[...a.subarray(margin, a.length - margin)].map((x, i) => Math.abs(x - (b[i + margin] ?? NaN))));
}

describe('resampling', () => {
  test.each([
    [48_000, 24_000],
    [44_100, 24_000],
    [16_000, 24_000],
    [24_000, 44_100],
    [24_000, 48_000],
    [24_000, 24_000],
  ])('from %i to %i keeps a tone, its place and its length', (from, to) => {
    const resampler = new Resampler(from, to);
    const output = joined([resampler.push(sine(1000, from, from / 4)), resampler.finish()]);
    expect(Math.abs(output.length - to / 4)).toBeLessThanOrEqual(Math.ceil(to / from));
    expect(difference(output, sine(1000, to, output.length))).toBeLessThan(2e-3);
  });

  test('leaves out what the new rate cannot hold', () => {
    const output = new Resampler(48_000, 24_000).push(sine(16_000, 48_000, 12_000));
    expect(Math.max(...output.subarray(200).map(Math.abs))).toBeLessThan(2e-3);
  });

  test('does not depend on how the stream is cut', () => {
    const input = sine(440, 44_100, 5000);
    const whole = new Resampler(44_100, 24_000).push(input);
    const resampler = new Resampler(44_100, 24_000);
    const pieces: Float32Array[] = [];
    for (let at = 0, size = 1; at < input.length; at += size, size = (size * 7) % 311) {
      pieces.push(resampler.push(input.slice(at, at + size)));
    }
    expect(joined(pieces)).toEqual(whole);
  });
});

describe('PCM', () => {
  test('is little-endian integers in Base64, and bounded', () => {
    const text = toBase64(Float32Array.of(0, 1, -1, 2, -2, 1 / 0x7fff));
    expect(Buffer.from(text, 'base64').toString('hex')).toBe('0000ff7f0080ff7f00800100');
  });

  test('comes back as it was, to half a step', () => {
    const samples = sine(440, 24_000, 1000, 0.9);
    expect(difference(fromBase64(toBase64(samples)), samples, 0)).toBeLessThanOrEqual(0.5 / 0x8000);
  });

  test('has no half samples', () => {
    expect(fromBase64(Buffer.from([0, 64, 1]).toString('base64'))).toEqual(Float32Array.of(0.5));
  });
});

test('loudness is nothing for silence, and grows to one', () => {
  expect(loudness(new Float32Array(960))).toBe(0);
  expect(loudness(new Float32Array())).toBe(0);
  const [quiet, loud] = [loudness(sine(200, 24_000, 960, 0.02)), loudness(sine(200, 24_000, 960, 0.2))];
  expect(quiet).toBeGreaterThan(0);
  expect(loud).toBeGreaterThan(quiet);
  expect(loudness(sine(200, 24_000, 960, 1))).toBe(1);
});
