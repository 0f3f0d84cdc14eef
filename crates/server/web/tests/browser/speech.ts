import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expect, vi } from 'vitest';

import type { Status } from '../../src/api/types';
import { PATIENCE, type Window } from './browser';
import type { Server } from './server';

const FIXTURES = resolve(import.meta.dirname, '../../../../../fixtures/speech');

/** The recorded question, as `fixtures/speech/transcripts.tsv` has it. */
export const QUESTION = /capital of Japan/i;

/** Bytes of the header of a WAV file that has nothing but sound, as the fixtures are. */
const HEADER = 44;

/**
 * Options with which Chromium's microphone hears a fixture, behind a second of silence and before `pause` seconds of it:
 * once, or again and again.
 */
export async function microphone(folder: string, name: string, pause: number, repeats: boolean): Promise<string[]> {
  const wav = await readFile(join(FIXTURES, name));
  const bytesPerSecond = wav.readUInt32LE(28);
  const sound = wav.subarray(HEADER);
  const body = Buffer.concat([Buffer.alloc(bytesPerSecond), sound, Buffer.alloc(pause * bytesPerSecond)]);
  const header = Buffer.from(wav.subarray(0, HEADER));
  expect(header.toString('latin1', 36, 40)).toBe('data');
  header.writeUInt32LE(HEADER - 8 + body.length, 4);
  header.writeUInt32LE(body.length, 40);
  const file = join(folder, `${repeats ? 'again' : 'once'}-${name}`);
  await writeFile(file, Buffer.concat([header, body]));
  return [
    '--use-fake-device-for-media-stream',
    '--use-fake-ui-for-media-stream',
    `--use-file-for-fake-audio-capture=${file}${repeats ? '' : '%noloop'}`,
  ];
}

/**
 * Puts a microphone into a page that hears a fixture whenever the function that this gives is called, and silence otherwise: for
 * what somebody says at a moment that only the page knows. Call it before the page asks for its microphone.
 */
export async function onCue(window: Window): Promise<(name: string) => Promise<void>> {
  const microphone = await window.page.evaluateHandle(() => {
    let context: AudioContext;
    let heard: MediaStreamAudioDestinationNode;
    navigator.mediaDevices.getUserMedia = async () => {
      context = new AudioContext();
      heard = context.createMediaStreamDestination();
      return heard.stream;
    };
    return async (wav: string) => {
      const bytes = Uint8Array.from(atob(wav), (letter) => letter.charCodeAt(0));
      const source = context.createBufferSource();
      source.buffer = await context.decodeAudioData(bytes.buffer);
      source.connect(heard);
      source.start();
    };
  });
  return async (name) => {
    const wav = await readFile(join(FIXTURES, name));
    await microphone.evaluate((play, wav) => play(wav), wav.toString('base64'));
  };
}

/** Waits until a server can hear and speak. The first one on a machine fetches the models. */
export async function voiceOf(server: Server): Promise<void> {
  const isReady = async () => {
    const { voice } = await server.call<Status>('GET', '/status');
    expect(voice.state, voice.reason ?? '').toBe('ready');
  };
  await vi.waitFor(isReady, { timeout: 2 * PATIENCE });
}
