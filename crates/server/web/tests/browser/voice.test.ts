import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Locator } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import type { Conversation, Settings, Transcript } from '../../src/api/types';
import { launch, Window } from './browser';
import { Server } from './server';
import { microphone, onCue, QUESTION, voiceOf } from './speech';

const ALLOWED: BrowserContextOptions = { permissions: ['microphone'] };
const MOVING: BrowserContextOptions = { ...ALLOWED, reducedMotion: 'no-preference' };

let server: Server;
let folder: string;

beforeAll(async () => {
  [server, folder] = await Promise.all([Server.start(), mkdtemp(join(tmpdir(), 'sottovoce-speech-'))]);
  await voiceOf(server);
});
afterAll(async () => {
  await server.end();
  await rm(folder, { recursive: true });
});
beforeEach(async () => {
  await server.limit(40);
  await server.call('DELETE', '/conversations');
});

/** A page in a browser of its own, whose microphone begins anew. */
async function talking(flags: string[], options: BrowserContextOptions, use: (window: Window) => Promise<void>) {
  const browser = await launch(...flags);
  try {
    const window = await Window.open(browser, server, options);
    await window.page.getByRole('button', { name: 'Talk', disabled: false }).waitFor();
    await window.button('Talk').click();
    await use(window);
    await window.close();
  } finally {
    await browser.close();
  }
}

const dialog = (window: Window): Locator => window.page.getByRole('dialog', { name: 'Voice' });
const phase = (window: Window): Locator => dialog(window).getByRole('status');
const lines = (window: Window, who: 'person' | 'assistant'): Locator => dialog(window).locator(`.lines .${who}`);

/**
 * The loudest that the picture shows in the next `state`, from its beginning to its end. The page itself watches for it:
 * on a slow machine a state may be over before word of it gets here.
 */
async function loudest(window: Window, state: string): Promise<number> {
  return await window.page.evaluate(async (state) => {
    const inside = (root: Document | ShadowRoot | undefined, name: string) => root?.querySelector<HTMLElement>(name);
    const voice = () =>
      inside(inside(document, 'sotto-app')?.shadowRoot ?? undefined, 'sotto-voice')?.shadowRoot ?? undefined;
    const frame = () => new Promise(requestAnimationFrame);
    const isNow = () => inside(voice(), '.phase')?.textContent?.trim() === state;
    while (!isNow()) await frame();
    let most = 0;
    while (isNow()) {
      const level = inside(voice(), 'sotto-orb')?.style.getPropertyValue('--level');
      most = Math.max(most, Number(level));
      await frame();
    }
    return most;
  }, state);
}

/** What the server keeps of the conversation, once it knows how much of the last answer was heard. */
async function kept(of = server): Promise<Transcript> {
  const transcript = async () => {
    const { conversations } = await of.call<{ conversations: Conversation[] }>('GET', '/conversations?limit=1');
    return await of.call<Transcript>('GET', `/conversations/${conversations[0]?.id}`);
  };
  const states = async () => (await transcript()).messages.map(({ state }) => state);
  await expect.poll(states).not.toContain('streaming');
  return await transcript();
}

test('a question is asked and answered aloud, and both are kept', async () => {
  const flags = await microphone(folder, 'question.wav', 1, false);
  await talking(flags, MOVING, async (window) => {
    const levels = Promise.all([loudest(window, 'Listening'), loudest(window, 'Speaking')]);
    await lines(window, 'person').getByText(QUESTION).waitFor();
    const [listening, speaking] = await levels;
    expect(listening).toBeGreaterThan(0.1);
    expect(speaking).toBeGreaterThan(0.1);
    await phase(window).getByText('Listening').waitFor();
    await lines(window, 'assistant').and(window.page.locator('[data-state=whole]')).waitFor();
    const answer = (await lines(window, 'assistant').textContent())?.replace('Assistant: ', '').trim() ?? '';
    expect(answer).toMatch(/\p{L}/u);

    await window.page.keyboard.press('Escape');
    await dialog(window).waitFor({ state: 'hidden' });
    await window.questions.getByText(QUESTION).waitFor();
    await window.conversation(QUESTION).waitFor();
    const { messages } = await kept();
    expect(messages.map(({ role, state }) => [role, state])).toEqual([
      ['user', 'complete'],
      ['assistant', 'complete'],
    ]);
    expect(messages[1]).toMatchObject({ text: answer, parent: messages[0]?.id });
  });
});

test('an answer is interrupted by a tap, and by leaving; what was heard stays', async () => {
  await server.limit(null);
  const flags = await microphone(folder, 'go-somewhere.wav', 1, false);
  await talking(flags, ALLOWED, async (window) => {
    await phase(window).getByText('Speaking').waitFor();
    await window.button('Interrupt').click();
    await phase(window).getByText('Listening').waitFor();
    // Of an answer of which nothing was heard there is nothing.
    await lines(window, 'assistant').and(window.page.locator('[data-state=growing]')).waitFor({ state: 'detached' });
    await window.button('End the conversation').click();
    await dialog(window).waitFor({ state: 'hidden' });
    await window.questions.first().waitFor();
    const { messages } = await kept();
    expect(messages.filter(({ role }) => role === 'assistant').every(({ state }) => state === 'stopped')).toBe(true);
  });
});

test('an answer is interrupted by a voice, and cut where it was heard', async () => {
  await server.limit(null);
  const browser = await launch();
  const window = await Window.open(browser, server);
  const say = await onCue(window);
  await window.button('Talk').and(window.page.locator(':enabled')).click();
  await phase(window).getByText('Listening').waitFor();
  await say('go-somewhere.wav');
  await phase(window).getByText('Speaking').waitFor();
  await say('go-somewhere.wav');
  const cut = lines(window, 'assistant').and(window.page.locator('[data-state=cut]')).first();
  await cut.waitFor();
  const heard = (await cut.textContent())?.replace('Assistant: ', '').trim();
  await window.page.keyboard.press('Escape');
  await dialog(window).waitFor({ state: 'hidden' });
  const answers = (await kept()).messages.filter(({ role }) => role === 'assistant');
  expect(answers.map(({ text, state }) => [text, state])).toContainEqual([heard, 'stopped']);
  await window.close();
  await browser.close();
});

test('a spoken conversation goes on with what was written', async () => {
  const flags = await microphone(folder, 'question.wav', 1, false);
  const browser = await launch(...flags);
  const window = await Window.open(browser, server, ALLOWED);
  await window.ask('My name is Ada.');
  await window.answered();
  await window.button('Talk').click();
  await lines(window, 'person').getByText(QUESTION).waitFor();
  await lines(window, 'assistant').and(window.page.locator('[data-state=whole]')).waitFor();
  await window.page.keyboard.press('Escape');
  await window.questions.getByText(QUESTION).waitFor();
  const { messages } = await kept();
  expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user', 'assistant']);
  expect(messages[2]?.parent).toBe(messages[1]?.id);
  await window.close();
  await browser.close();
});

test('a page that crashes in the middle of an answer has lost nothing', async () => {
  await server.limit(null);
  const browser = await launch(...(await microphone(folder, 'question.wav', 1, false)));
  const window = await Window.open(browser, server, ALLOWED);
  await window.button('Talk').and(window.page.locator(':enabled')).click();
  await lines(window, 'person').getByText(QUESTION).waitFor();
  await phase(window).getByText('Speaking').waitFor();
  await browser.close();
  const { messages } = await kept();
  expect(messages[0]).toMatchObject({
    role: 'user',
    state: 'complete',
    text: expect.stringMatching(QUESTION) as string,
  });
  expect(messages.slice(1).every(({ role, text }) => role === 'assistant' && text !== '')).toBe(true);
});

describe.each(['light', 'dark'] as const)('in %s colours', (colorScheme) => {
  test.each([
    ['a desk', {}],
    ['a phone', { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }],
  ])('nothing keeps anybody out on %s', async (_, device) => {
    const flags = await microphone(folder, 'question.wav', 1, false);
    await talking(flags, { ...ALLOWED, ...device, colorScheme }, async (window) => {
      // Axe may take longer than the question and its answer: the state that waits for nobody comes first.
      await phase(window).getByText('Speaking').waitFor();
      await window.accessible();
      await phase(window).getByText('Listening').waitFor();
      await window.accessible();
      await window.button('Voice and speed').click();
      await window.button('Mute the microphone').click();
      await window.accessible();
      expect(await window.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(
        window.page.viewportSize()?.width ?? 0,
      );
    });
  });
});

test('where motion is not wanted, nothing moves', async () => {
  const flags = await microphone(folder, 'question.wav', 1, false);
  await talking(flags, ALLOWED, async (window) => {
    expect(await Promise.all([loudest(window, 'Listening'), loudest(window, 'Speaking')])).toEqual([0, 0]);
  });
});

test('the focus is on the microphone, and goes back to where it was; nothing listens any more', async () => {
  const browser = await launch(...(await microphone(folder, 'question.wav', 1, false)));
  const window = await Window.open(browser, server, ALLOWED);
  await window.page.getByRole('button', { name: 'Talk', disabled: false }).waitFor();
  const tracks = await window.page.evaluateHandle(() => {
    const tracks: MediaStreamTrack[] = [];
    const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = async (wanted) => {
      const stream = await ask(wanted);
      tracks.push(...stream.getTracks());
      return stream;
    };
    return tracks;
  });
  const states = () =>
    tracks.evaluate((tracks) =>
      tracks.map((track) => [
        track.readyState,
        track.getSettings().echoCancellation,
        track.getSettings().noiseSuppression,
      ]),
    );
  await window.button('Talk').focus();
  await window.page.keyboard.press('Enter');
  await phase(window).getByText('Listening').waitFor();
  expect(await window.focused()).toBe('Mute the microphone');
  expect(await states()).toEqual([['live', true, true]]);
  await window.page.keyboard.press('Escape');
  await dialog(window).waitFor({ state: 'hidden' });
  await expect.poll(async () => (await states()).map(([state]) => state)).toEqual(['ended']);
  expect(await window.focused()).toBe('Talk');
  await window.close();
  await browser.close();
});

test('a server that wants a token gets it; one that a browser cannot send is said to be one', async () => {
  for (const [token, expected] of [
    ['open-secret', 'Write instead'],
    ['an open secret', 'Ended'],
  ] as const) {
    const own = await Server.start('--token', token);
    await voiceOf(own);
    const browser = await launch();
    const window = await Window.open(browser, own, ALLOWED, `#token=${encodeURIComponent(token)}`);
    await window.page.getByRole('button', { name: 'Talk', disabled: false }).click();
    await phase(window).getByText(expected).waitFor();
    if (expected === 'Ended')
      await dialog(window).getByRole('alert').getByText('cannot send the server’s token').waitFor();
    await window.close();
    await browser.close();
    await own.end();
  }
});

test('voice and speed are chosen, and stay', async () => {
  const flags = await microphone(folder, 'question.wav', 1, false);
  await talking(flags, ALLOWED, async (window) => {
    await window.button('Voice and speed').click();
    const voices = dialog(window).getByRole('combobox', { name: 'Voice' });
    const name = (await voices.locator('option').last().textContent()) ?? '';
    await voices.selectOption(name);
    await dialog(window).getByRole('slider', { name: 'Speed' }).fill('1.5');
    const settings = () => server.call<Settings>('GET', '/settings');
    await expect.poll(settings).toMatchObject({ voice: name, speed: 1.5 });
    await lines(window, 'assistant').and(window.page.locator('[data-state=whole]')).waitFor();
  });
  await server.call('PUT', '/settings', {
    ...(await server.call<Settings>('GET', '/settings')),
    voice: null,
    speed: 1,
  });
});

test('the microphone is muted, and opened again', async () => {
  const flags = await microphone(folder, 'question.wav', 4, true);
  await talking(flags, MOVING, async (window) => {
    await window.button('Mute the microphone').click();
    await phase(window).getByText('Muted').waitFor();
    await window.page.getByRole('button', { name: 'Mute the microphone', pressed: true }).click();
    await phase(window).getByText('Listening').waitFor();
    await lines(window, 'person').getByText(QUESTION).first().waitFor();
  });
});

describe('without a microphone', () => {
  test.each([
    [
      'that is denied',
      ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream=deny'],
      {},
      /may not use/,
    ],
    ['that is missing', [], ALLOWED, /There is no microphone/],
  ])('%s, one writes, and hears the answer', async (_, flags, options, reason) => {
    await talking(flags, options, async (window) => {
      await dialog(window).getByRole('alert').getByText(reason).waitFor();
      await window.accessible();
      expect(await window.focused()).toBe('Message');
      await dialog(window).getByRole('textbox', { name: 'Message' }).fill('What is the capital of France?');
      await window.page.keyboard.press('Enter');
      await phase(window).getByText('Speaking').waitFor();
      await lines(window, 'assistant').and(window.page.locator('[data-state=whole]')).waitFor();
      await window.page.keyboard.press('Escape');
      await window.questions.getByText('capital of France').waitFor();
      await window.answers.first().waitFor();
    });
  });
});

test('a server that goes away ends the conversation, and says so', async () => {
  const own = await Server.start();
  await voiceOf(own);
  const flags = await microphone(folder, 'question.wav', 1, false);
  const browser: Browser = await launch(...flags);
  const window = await Window.open(browser, own, ALLOWED);
  await window.page.getByRole('button', { name: 'Talk', disabled: false }).click();
  await phase(window).getByText('Listening').waitFor();
  await own.kill();
  await dialog(window).getByRole('alert').getByText('The connection was lost.').waitFor();
  await window.accessible();
  await window.button('Talk again').waitFor();
  await window.page.keyboard.press('Escape');
  await dialog(window).waitFor({ state: 'hidden' });
  await window.close();
  await browser.close();
  await own.end();
});
