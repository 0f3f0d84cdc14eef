/** `npm run screenshots` makes the pictures of the README, from a real conversation with SmolLM2. */

import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { test } from 'vitest';

import { launch, Window } from './browser/browser';
import { Server } from './browser/server';

const FOLDER = resolve(import.meta.dirname, '../../../../docs/images');
const QUESTIONS = ['Why is the sky blue?', 'Give me three tips for better sleep, as a numbered list.'];

test('pictures', async () => {
  await mkdir(FOLDER, { recursive: true });
  const [server, browser] = await Promise.all([Server.start(), launch()]);
  await server.limit(130);
  const shoot = (window: Window, name: string) => window.page.screenshot({ path: `${FOLDER}/${name}.png` });

  const desk = await Window.open(browser, server);
  await shoot(desk, 'page-new');
  for (const question of QUESTIONS) {
    await desk.button(/^New conversation/).click();
    await desk.ask(question);
    await desk.answered();
  }
  await desk.button(/^New conversation/).click();
  await desk.ask('Write a Python function that counts the words of a text.');
  await desk.answered();
  await desk.page.locator('sotto-thread .scroller').evaluate((element) => (element.scrollTop = 0));
  await shoot(desk, 'page');
  await desk.close();

  const night = await Window.open(browser, server, { colorScheme: 'dark' });
  await night.conversation(QUESTIONS[1] ?? '').click();
  await night.answers.first().waitFor();
  await shoot(night, 'page-dark');
  await night.close();

  const phone = await Window.open(browser, server, { viewport: { width: 390, height: 780 }, isMobile: true, hasTouch: true });
  await phone.page.goto(`${server.url}/#/${(await server.call<{ conversations: { id: string }[] }>('GET', '/conversations?limit=1')).conversations[0]?.id}`);
  await phone.answers.first().waitFor();
  await shoot(phone, 'page-phone');
  await phone.close();

  await browser.close();
  await server.end();
});
