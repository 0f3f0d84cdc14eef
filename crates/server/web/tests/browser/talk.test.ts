import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { launch, Window } from './browser';
import { Server, SLOW } from './server';

const SHORT = 'What is the capital of Japan? Answer in one word.';
const LONG = 'Write a long story about a lighthouse.';

let server: Server;
let browser: Browser;
let window: Window;

beforeAll(async () => {
  [server, browser] = await Promise.all([Server.start(...SLOW), launch()]);
  await server.limit(null);
});
afterAll(async () => {
  await browser.close();
  await server.end();
});
beforeEach(async () => {
  await server.call('DELETE', '/conversations');
  window = await Window.open(browser, server);
});
afterEach(() => window.close());

test('without a voice nobody talks, and why is said', async () => {
  const talk = window.button('Talk');
  await expect.poll(() => talk.getAttribute('title')).toContain('--no-voice');
  await window.accessible();
  await talk.focus();
  await window.page.keyboard.press('Enter');
  await window.page.getByText('There is no voice: it was started with --no-voice').waitFor();
  expect(await window.page.getByRole('dialog').count()).toBe(0);
});

describe('a conversation', () => {
  test('has a question, an answer that grows, a title and a place in the list', async () => {
    const { page } = window;
    await window.ask(SHORT);
    await window.answered();
    expect(await window.said()).toContain('Tokyo');
    await window.conversation(/What is the capital/).waitFor();
    expect(page.url()).toMatch(/#\/[0-9a-f-]{36}$/);
    expect(await page.title()).toMatch(/^What is the capital.* · sottovoce$/);
    await page.getByRole('meter', { name: 'Context' }).waitFor();
    expect(await window.answers.last().locator('.usage').textContent()).toMatch(/^\d+ tokens\/s$/);

    await window.ask('And of France?');
    await window.answered();
    expect(await window.answers.count()).toBe(2);
  });

  test('can be stopped by Escape, and what was written stays', async () => {
    await window.ask(LONG);
    await window.growing();
    // What it takes is shown while it is written, and stays.
    await window.page.getByRole('meter', { name: 'Context' }).waitFor();
    await window.answers.getByText(/^\d+ tokens\/s$/).waitFor();
    await window.page.keyboard.press('Escape');
    await window.answers.getByText('Stopped').waitFor();
    const text = await window.said();
    await window.page.reload();
    await window.answers.getByText('Stopped').waitFor();
    expect(await window.said()).toBe(text);
    await window.answers.getByText(/^\d+ tokens\/s$/).waitFor();
  });

  test('can have another answer, and both can be looked at', async () => {
    await window.ask(SHORT);
    await window.answered();
    await window.answers.last().getByRole('button', { name: 'Answer again' }).click();
    await window.page.getByRole('group', { name: 'Version 2 of 2' }).waitFor();
    await window.answered();
    await window.button('Version before').click();
    await window.page.getByRole('group', { name: 'Version 1 of 2' }).waitFor();
    await window.page.reload();
    await window.page.getByRole('group', { name: 'Version 1 of 2' }).waitFor();
    await window.button('Version after').click();
    await window.page.getByRole('group', { name: 'Version 2 of 2' }).waitFor();
  });

  test('branches where a question is edited', async () => {
    await window.ask(SHORT);
    await window.answered();
    await window.questions.first().hover();
    await window.button('Edit').click();
    const editor = window.page.getByRole('textbox', { name: 'Question' });
    await editor.fill('What is the capital of France? Answer in one word.');
    await editor.press('Enter');
    await window.questions.getByText('France').waitFor();
    await window.answered();
    expect(await window.said()).toContain('Paris');
    await window.page.getByRole('group', { name: 'Version 2 of 2' }).waitFor();
    await window.button('Version before').click();
    await window.answers.getByText('Tokyo').waitFor();
  });

  test('is read out in whole paragraphs', async () => {
    await window.ask(SHORT);
    await window.answered();
    const announced = window.page.locator('.announcer');
    await expect.poll(() => announced.textContent()).toContain('Tokyo');
    expect(await announced.getAttribute('aria-live')).toBe('polite');
  });

  test('has instructions of its own', async () => {
    await window.button(/^Instructions/).click();
    await window.page.getByRole('textbox', { name: 'Instructions of this conversation' }).fill('Answer in French.');
    await window.button('Save').click();
    await window.ask(SHORT);
    await window.answered();
    const { conversations } = await server.call<{ conversations: { system_prompt: string }[] }>(
      'GET',
      '/conversations?limit=1',
    );
    expect(conversations[0]?.system_prompt).toBe('Answer in French.');
    await window.button(/^Instructions.*its own/).waitFor();
  });

  test('survives a reload in the middle of an answer', async () => {
    await window.ask(LONG);
    await window.growing();
    await window.page.reload();
    await window.growing();
    const before = (await window.said()).length;
    await expect.poll(async () => (await window.said()).length).toBeGreaterThan(before);
    await window.button('Stop').click();
    await window.answers.getByText('Stopped').waitFor();
  });

  test('survives that the server is killed in the middle of an answer', async () => {
    await window.ask(LONG);
    // The server writes what it has a few times a second.
    await window.growing(150);
    await server.kill();
    await window.page.getByRole('alert').getByText('cannot be reached').waitFor();
    await window.accessible();
    await window.field.fill('What I write meanwhile stays.');
    await server.run();
    await window.answers.getByText('Interrupted').waitFor();
    await window.page.getByRole('alert').waitFor({ state: 'detached' });
    expect((await window.said()).length).toBeGreaterThan(20);
    expect(await window.field.inputValue()).toBe('What I write meanwhile stays.');
    await window.answers.last().getByRole('button', { name: 'Answer again' }).click();
    await window.growing();
    await window.button('Stop').click();
    await window.answers.getByText('Stopped').waitFor();
  });

  test('keeps what is written and not sent', async () => {
    await window.field.fill('half a thought');
    await window.page.reload();
    await expect.poll(() => window.field.inputValue()).toBe('half a thought');
    await window.field.fill('');
  });
});
