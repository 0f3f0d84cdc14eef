/** `npm run screenshots` makes the pictures of the README, from a real conversation with SmolLM2. */

import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { test } from 'vitest';

import { launch, Window } from './browser/browser';
import { Server } from './browser/server';

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

  await browser.close();
  await server.end();
});
