import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from 'playwright-core';
import { expect } from 'vitest';
import type axe from 'axe-core';

import type { Server } from './server';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** How long something may take on a slow machine, in milliseconds. */
export const PATIENCE = 60_000;

/** Starts Chromium, with these options beside the usual ones. */
export function launch(...options: string[]): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      ...options,
    ],
  });
}

/** A window with the page. Everything that goes wrong in it is collected. */
export class Window {
  /** Errors of scripts, and what the browser refused because of the page's policy. */
  readonly problems: string[] = [];

  private constructor(readonly page: Page) {}

  static async open(browser: Browser, server: Server, options: BrowserContextOptions = {}, hash = ''): Promise<Window> {
    // Colours in the middle of a transition are none that anybody has to read.
    const still = { colorScheme: 'light', reducedMotion: 'reduce', viewport: { width: 1280, height: 800 } } as const;
    const context = await browser.newContext({ ...still, ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    const window = new Window(page);
    page.on('pageerror', (error) => window.problems.push(error.stack ?? error.message));
    page.on('console', (message) => {
      // The browser itself notes that a server is away or refuses something, and the page shows it.
      const expected = /ERR_CONNECTION|ERR_INCOMPLETE|status of 40[014]/.test(message.text());
      if (message.type() === 'error' && !expected) window.problems.push(message.text());
    });
    await page.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) => {
        console.error(`policy: ${event.violatedDirective} forbids ${event.blockedURI}`);
      });
    });
    await page.goto(`${server.url}/${hash}`);
    return window;
  }

  get field(): Locator {
    return this.page.getByRole('textbox', { name: 'Message', exact: true });
  }

  get answers(): Locator {
    return this.page.locator('sotto-message:has(article.assistant)');
  }

  get questions(): Locator {
    return this.page.locator('sotto-message:has(article.user)');
  }

  /** What the last answer says. */
  async said(): Promise<string> {
    return (await this.#blocks.allTextContents()).join('\n');
  }

  get #blocks(): Locator {
    return this.answers.last().locator('sotto-markdown .block');
  }

  button(name: string | RegExp): Locator {
    return this.page.getByRole('button', { name, exact: typeof name === 'string' });
  }

  /** What has the focus is called. */
  focused(): Promise<string | null> {
    return this.page.evaluate(() => {
      let element = document.activeElement;
      while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
      return element?.getAttribute('aria-label') ?? element?.textContent?.trim() ?? null;
    });
  }

  conversation(title: string | RegExp): Locator {
    return this.page.locator('sotto-conversation-list').getByRole('link', { name: title });
  }

  async ask(text: string): Promise<void> {
    await this.field.fill(text);
    await this.button('Send').and(this.page.locator(':enabled')).waitFor();
    await this.field.press('Enter');
    await this.questions.filter({ hasText: text }).last().waitFor();
  }

  /** Waits until nothing is being answered. */
  async answered(): Promise<void> {
    await this.#blocks.first().waitFor();
    await this.button('Stop').waitFor({ state: 'detached' });
    await this.button('Send').waitFor();
  }

  /** Waits until an answer that is being made has so many characters. */
  async growing(length = 20): Promise<void> {
    await expect.poll(async () => (await this.said()).length).toBeGreaterThan(length);
    await this.button('Stop').waitFor();
  }

  /** What axe has against the page as it is now. */
  async accessible(): Promise<void> {
    await this.page.evaluate(AXE);
    const violations = await this.page.evaluate(async () => {
      const { violations } = await (window as unknown as { axe: typeof axe }).axe.run();
      return violations.map(
        ({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.flat().join(' ')).join('; ')}`,
      );
    });
    expect(violations).toEqual([]);
  }

  async close(): Promise<void> {
    await this.page.context().close();
    expect(this.problems).toEqual([]);
  }
}
