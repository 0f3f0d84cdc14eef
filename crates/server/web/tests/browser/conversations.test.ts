import { readFile } from 'node:fs/promises';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import type { Message, Settings } from '../../src/api/types';
import { HOSTILE } from '../unit/hostile';
import { launch, Window } from './browser';
import { Server, SLOW } from './server';

const KYOTO = 'Two days in Kyoto';
const BREAD = 'Bread without a scale';

let server: Server;
let browser: Browser;
let window: Window;

/** A conversation of one question, whose answer is stopped. */
async function converse(title: string, text: string): Promise<{ id: string; question: Message; answer: Message }> {
  const { id } = await server.call<{ id: string }>('POST', '/conversations', { title });
  const begun = await server.call<{ question: Message; answer: Message }>('POST', `/conversations/${id}/messages`, {
    text,
    parent: null,
  });
  await server.call('POST', `/messages/${begun.answer.id}/stop`);
  await fetch(`${server.url}/api/messages/${begun.answer.id}/events`).then((response) => response.text());
  return { id, ...begun };
}

/** Puts a conversation with these answers into the history, by way of an export. */
async function importAnswers(title: string, texts: string[]): Promise<void> {
  const { id, answer } = await converse(title, 'A question');
  const exported = await (await fetch(`${server.url}/api/conversations/${id}/export?format=json`)).text();
  await server.call('DELETE', `/conversations/${id}`);
  const answers = (value: unknown): unknown => {
    if (Array.isArray(value))
      return value.flatMap((item: { id?: string }) => (item.id === answer.id ? made(item) : [answers(item)]));
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, answers(item)]));
  };
  // The last hexadecimal digits tell the answers apart.
  const made = (item: object) =>
    texts.map((text, i) => ({
      ...item,
      text,
      state: 'complete',
      id: answer.id.slice(0, -4) + (0xf000 + i).toString(16),
    }));
  await server.call('POST', '/import', answers(JSON.parse(exported)));
}

beforeAll(async () => {
  [server, browser] = await Promise.all([Server.start(...SLOW), launch()]);
});
afterAll(async () => {
  await browser.close();
  await server.end();
});
beforeEach(async () => {
  await server.call('DELETE', '/conversations');
  await converse(BREAD, 'How much is a cup of flour?');
  await converse(KYOTO, 'Where do the wisterias bloom?');
  window = await Window.open(browser, server);
  await window.conversation(KYOTO).waitFor();
});
afterEach(() => window.close());

describe('the list', () => {
  test('finds words in messages, and leads to them', async () => {
    const { page } = window;
    await page.keyboard.press('Control+k');
    await page.keyboard.type('wister');
    await window.conversation(BREAD).waitFor({ state: 'detached' });
    await page.locator('mark', { hasText: 'wister' }).waitFor();
    await window.accessible();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await window.questions.getByText('Where do the wisterias bloom?').waitFor();
    await page.getByRole('searchbox').fill('nothing like this');
    await page.getByText('Nothing found.').waitFor();
  });

  test('is walked through by arrow keys', async () => {
    await window.conversation(KYOTO).focus();
    await window.page.keyboard.press('ArrowDown');
    await window.page.keyboard.press('Enter');
    await window.questions.getByText('cup of flour').waitFor();
  });

  test('renames', async () => {
    await window.conversation(KYOTO).focus();
    await window.page.keyboard.press('F2');
    await window.page.getByRole('textbox', { name: 'Title' }).fill('Wisterias');
    await window.page.keyboard.press('Enter');
    await window.conversation('Wisterias').waitFor();
    await window.page.reload();
    await window.conversation('Wisterias').waitFor();
  });

  test('deletes, and takes that back', async () => {
    await window.conversation(KYOTO).click();
    await window.button('Actions for this conversation').click();
    await window.accessible();
    await window.page.getByRole('menuitem', { name: 'Delete' }).click();
    await window.conversation(KYOTO).waitFor({ state: 'detached' });
    await window.accessible();
    await window.button('Undo').click();
    await window.conversation(KYOTO).click();
    await window.questions.getByText('wisterias').waitFor();
  });

  test('keeps favourites, of conversations and of messages', async () => {
    await window.conversation(KYOTO).click();
    await window.questions.getByText('wisterias').waitFor();
    await window.questions.first().hover();
    await window.questions.first().getByRole('button', { name: 'Favourite' }).click();
    await window.button('Favourites').click();
    await window.conversation(BREAD).waitFor({ state: 'detached' });
    await window.conversation(KYOTO).waitFor();
    await window.button('All').click();
    await window.conversation(BREAD).click();
    await window.questions.getByText('cup of flour').waitFor();
    await window.page.locator('sotto-header').getByRole('button', { name: 'Favourite' }).click();
    await window.conversation(/Bread.*favourite/).waitFor();
  });

  test('deletes a message and what follows it, and takes that back', async () => {
    await window.conversation(KYOTO).click();
    await window.questions.first().hover();
    await window.questions.first().getByRole('button', { name: 'Delete' }).click();
    await window.questions.first().waitFor({ state: 'detached' });
    await window.button('Undo').click();
    await window.questions.getByText('wisterias').waitFor();
  });
});

test('a conversation is exported, and imported again', async () => {
  await window.conversation(KYOTO).click();
  await window.button('Actions for this conversation').click();
  const coming = window.page.waitForEvent('download');
  await window.page.getByRole('menuitem', { name: 'Export as JSON' }).click();
  const file = await (await coming).path();
  expect(await readFile(file, 'utf8')).toContain('wisterias');
  await server.call('DELETE', '/conversations');
  await window.button('Settings').click();
  const chooser = window.page.waitForEvent('filechooser');
  await window.button('Import').click();
  await (await chooser).setFiles({ name: 'export.json', mimeType: 'application/json', buffer: await readFile(file) });
  await window.page.getByText('Imported: conversations 1').waitFor();
  await window.conversation(KYOTO).waitFor();
});

test('what is no export is refused, and why is said', async () => {
  await window.button('Settings').click();
  const chooser = window.page.waitForEvent('filechooser');
  await window.button('Import').click();
  await (
    await chooser
  ).setFiles({ name: 'export.json', mimeType: 'application/json', buffer: Buffer.from('{"a": 1}') });
  await window.page.getByText('Not imported: cannot import this').waitFor();
  await window.accessible();
});

test('a conversation that is gone is missed, and leads to a new one', async () => {
  await window.page.goto(`${server.url}/#/01a22909-6a64-7227-acc9-9cc10df85b18`);
  await window.page.getByText('There is no such conversation here.').waitFor();
  await window.accessible();
  await window.page.getByRole('main').getByRole('button', { name: 'New conversation' }).click();
  await window.page.getByRole('heading', { name: 'sotto voce' }).waitFor();
});

describe('settings', () => {
  test('are saved', async () => {
    await window.button('Settings').click();
    await window.accessible();
    await window.page.getByRole('spinbutton', { name: 'Temperature' }).fill('0.4');
    await window.page.getByRole('textbox', { name: 'Instructions' }).fill('Be brief.');
    await window.page.getByRole('combobox', { name: 'Keep them' }).selectOption({ label: 'for 90 days without use' });
    await window.button('Save').click();
    await window.page.getByRole('dialog', { name: 'Settings' }).waitFor({ state: 'hidden' });
    const settings = await server.call<Settings>('GET', '/settings');
    expect(settings).toMatchObject({ temperature: 0.4, top_k: null, system_prompt: 'Be brief.', retention_days: 90 });
    await window.button('Settings').click();
    expect(await window.page.getByRole('spinbutton', { name: 'Temperature' }).inputValue()).toBe('0.4');
  });

  test('delete everything, once asked', async () => {
    await window.button('Settings').click();
    await window.button('Delete all').click();
    const dialog = window.page.getByRole('dialog', { name: 'Delete all conversations?' });
    await dialog.waitFor();
    await window.accessible();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await window.conversation(KYOTO).waitFor();
    await window.button('Settings').click();
    await window.button('Delete all').click();
    await dialog.getByRole('button', { name: 'Delete all' }).click();
    await window.page.getByText('2 conversations deleted').waitFor();
    await window.page.getByText('Conversations will appear here.').waitFor();
  });
});

test('code is coloured, and copied as it is', async () => {
  const code = 'fn main() {\n    println!("<b>");\n}';
  await importAnswers('Code', ['```rust\n' + code + '\n```']);
  await window.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await window.page.reload();
  await window.conversation('Code').click();
  await window.page.locator('.hljs-keyword', { hasText: 'fn' }).waitFor();
  await window.button('Copy code, rust').click();
  await window.page.locator('figcaption button', { hasText: 'Copied' }).waitFor();
  expect(await window.page.evaluate(() => navigator.clipboard.readText())).toBe(code);
  await window.accessible();
});

test('hostile Markdown does nothing', async () => {
  await importAnswers('Hostile', HOSTILE);
  const requests: string[] = [];
  window.page.on('request', (request) => requests.push(request.url()));
  await window.page.reload();
  await window.conversation('Hostile').click();
  for (let left = HOSTILE.length; left > 0; left--) {
    await window.page.getByRole('group', { name: `Version ${left} of ${HOSTILE.length}` }).waitFor();
    if (left > 1) await window.button('Version before').click();
  }
  expect(await window.page.evaluate('typeof hacked')).toBe('undefined');
  expect(requests.filter((url) => !url.startsWith(`${server.url}/`))).toEqual([]);
  expect(window.page.url()).toContain(server.url);
});
