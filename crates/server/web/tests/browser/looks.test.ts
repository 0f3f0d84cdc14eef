import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { launch, Window } from './browser';
import { Server, SLOW } from './server';

const TOKEN = 'an open secret';

let server: Server;
let browser: Browser;

beforeAll(async () => {
  [server, browser] = await Promise.all([Server.start(...SLOW, '--token', TOKEN), launch()]);
  await server.limit(150);
});
afterAll(async () => {
  await browser.close();
  await server.end();
});

const hash = `#token=${encodeURIComponent(TOKEN)}`;

describe.each(['light', 'dark'] as const)('in %s colours', (colorScheme) => {
  test('nothing keeps anybody out', async () => {
    const window = await Window.open(browser, server, { colorScheme }, hash);
    await window.page.getByText('Conversations will appear here.').or(window.conversation(/./).first()).waitFor();
    await window.accessible();
    const { height } = (await window.page.locator('main').boundingBox()) ?? { height: 0 };
    expect(height).toBe(800);
    await window.ask('Write a long story about a lighthouse.');
    await window.growing();
    await window.accessible();
    await window.answered();
    await window.accessible();
    await window.questions.first().hover();
    await window.button('Edit').click();
    await window.accessible();
    await window.page.keyboard.press('Escape');
    for (const name of ['Settings', /^Instructions/]) {
      await window.button(name).click();
      await window.page.getByRole('dialog').waitFor();
      await window.accessible();
      await window.page.keyboard.press('Escape');
    }
    await window.close();
  });
});

test('colours can be chosen, and stay', async () => {
  const window = await Window.open(browser, server, {}, hash);
  const paper = () => window.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await paper();
  await window.button(/^Colours: system/).click();
  await window.button(/^Colours: light/).click();
  await window.button(/^Colours: dark/).waitFor();
  expect(await paper()).not.toBe(light);
  await window.page.reload();
  await window.button(/^Colours: dark/).waitFor();
  expect(await paper()).not.toBe(light);
  await window.close();
});

test('on a phone the list is a drawer', async () => {
  const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
  const window = await Window.open(browser, server, phone, hash);
  await window.ask('What is the capital of Italy?');
  await window.answered();
  expect(await window.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  await window.accessible();
  await window.button('Conversations').click();
  await window.conversation(/capital of Italy/).waitFor();
  await window.accessible();
  await window
    .conversation(/capital of Italy/)
    .first()
    .click();
  await expect.poll(() => window.page.locator('sotto-sidebar').isVisible()).toBe(false);
  await window.close();
});

test('all can be reached by keyboard, the message field at once', async () => {
  const window = await Window.open(browser, server, {}, hash);
  const focused = () => window.focused();
  await expect.poll(focused).toBe('Message');
  await window.page.evaluate(() => (document.activeElement as HTMLElement).blur());
  await window.page.keyboard.press('Control+k');
  await expect.poll(focused).toBe('Search conversations');
  await window.page.keyboard.press('Control+Shift+o');
  await expect.poll(focused).toBe('Message');
  await window.close();
});

test('without its token the page asks for it', async () => {
  const window = await Window.open(browser, server);
  const dialog = window.page.getByRole('dialog', { name: 'This server wants its token' });
  await dialog.waitFor();
  await window.accessible();
  await dialog.getByLabel('Token').fill('wrong');
  await dialog.getByRole('button', { name: 'Open' }).click();
  await dialog.getByText('is not the server’s').waitFor();
  // A server lets nobody guess for long: the page may not go on trying a token that is wrong.
  const tried: string[] = [];
  window.page.on('request', (request) => tried.push(request.url()));
  await window.accessible();
  expect(tried).toEqual([]);
  await dialog.getByLabel('Token').fill(TOKEN);
  await dialog.getByRole('button', { name: 'Open' }).click();
  await dialog.waitFor({ state: 'hidden' });
  await window.page.reload();
  await window.button('Settings').waitFor();
  await window.page.locator('sotto-model-status').first().getByText('smollm2').waitFor();
  expect(window.page.url()).not.toContain(encodeURIComponent(TOKEN));
  await window.close();
});
