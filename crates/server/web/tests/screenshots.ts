/** `npm run screenshots` makes the pictures of the README, from a real conversation with SmolLM2. */

import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'vitest';

import type { Settings } from '../src/api/types';
import { launch, Window } from './browser/browser';
import { Server } from './browser/server';
import { microphone, QUESTION, voiceOf } from './browser/speech';

const FOLDER = resolve(import.meta.dirname, '../../../../docs/images');
const QUESTIONS = ['What are the planets of the solar system?', 'What is a haiku? Give an example.'];

test('pictures', async () => {
  await mkdir(FOLDER, { recursive: true });
  const [server, browser] = await Promise.all([Server.start(), launch()]);
  await server.limit(87);
  const shoot = async (window: Window, name: string) => {
    await window.page.mouse.move(0, 0);
    await window.page.screenshot({ path: `${FOLDER}/${name}.png` });
  };

  const desk = await Window.open(browser, server);
  for (const question of QUESTIONS) {
    await desk.button(/^New conversation/).click();
    await desk.ask(question);
    await desk.answered();
  }
  await desk.button(/^New conversation/).click();
  await desk.ask('Write a Python function that reverses a string, and explain it.');
  await desk.answered();
  await desk.page.locator('sotto-thread .scroller').evaluate((element) => (element.scrollTop = 0));
  await shoot(desk, 'page');
  await desk.close();

  const night = await Window.open(browser, server, { colorScheme: 'dark' });
  await night.conversation(QUESTIONS[1] ?? '').click();
  await night.answers.first().waitFor();
  await night.button('Settings').click();
  await night.page.getByRole('dialog', { name: 'Settings' }).waitFor();
  await shoot(night, 'page-settings');
  await night.close();

  const phone = await Window.open(browser, server, {
    viewport: { width: 390, height: 780 },
    isMobile: true,
    hasTouch: true,
  });
  await phone.button('Conversations').click();
  await phone.conversation(/Python/).click();
  await phone.answers.first().waitFor();
  await shoot(phone, 'page-phone');
  await phone.close();

  const folder = await mkdtemp(join(tmpdir(), 'sottovoce-speech-'));
  await voiceOf(server);
  // Under the prompt that it was trained with, the model knows the answer.
  const system_prompt = 'You are a helpful AI assistant named SmolLM, trained by Hugging Face';
  await server.call('PUT', '/settings', { ...(await server.call<Settings>('GET', '/settings')), system_prompt });
  const hearing = await launch(...(await microphone(folder, 'question.wav', 1, false)));
  const spoken = await Window.open(hearing, server, { permissions: ['microphone'], reducedMotion: 'no-preference' });
  await spoken.page.getByRole('button', { name: 'Talk', disabled: false }).click();
  await spoken.page.getByRole('log').getByText(QUESTION).first().waitFor();
  await spoken.page.getByRole('status').getByText('Speaking').waitFor();
  await shoot(spoken, 'page-voice');
  await spoken.close();
  await hearing.close();
  await rm(folder, { recursive: true });

  await browser.close();
  await server.end();
});
