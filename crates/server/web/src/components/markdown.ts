import { css, LitElement, type PropertyValues } from 'lit';
import { customElement, property } from 'lit/decorators.js';

import { blocks } from '../markdown/blocks';
import { sanitiser } from '../markdown/sanitise';
import { shared } from '../styles/shared';
import { copyText } from './copy';
import { proseStyles } from './prose-styles';

const sanitise = sanitiser(window);

type Highlight = (code: string, language: string) => string | null;
let highlight: Highlight | undefined;

/** Markdown that is not to be trusted, shown block by block. */
@customElement('sotto-markdown')
export class MarkdownElement extends LitElement {
  static override styles = [shared, proseStyles, css`:host { display: block; }`];

  @property() text = '';
  /** Whether more of it is to come. */
  @property({ type: Boolean, reflect: true }) streaming = false;
  #shown: { key: string; element: HTMLElement }[] = [];

  protected override update(changed: PropertyValues): void {
    super.update(changed);
    const wanted = blocks(this.text);
    const same = wanted.findIndex(({ key }, i) => this.#shown[i]?.key !== key);
    const kept = same < 0 ? wanted.length : same;
    for (const { element } of this.#shown.splice(kept)) element.remove();
    for (const { key, html } of wanted.slice(kept)) {
      const element = document.createElement('div');
      element.className = 'block';
      element.dir = 'auto';
      element.append(sanitise(html()));
      for (const table of element.querySelectorAll('table')) scrollable(table);
      for (const code of element.querySelectorAll<HTMLElement>('pre > code')) this.#present(code);
      this.renderRoot.append(element);
      this.#shown.push({ key, element });
    }
  }

  /** The text of the blocks that will not change any more, without those in `from`; for those who listen. */
  spoken(from: number): string[] {
    const whole = this.streaming ? this.#shown.slice(from, -1) : this.#shown.slice(from);
    return whole.map(({ element }) => {
      const code = element.querySelector('figcaption span')?.textContent;
      return code ? `Code, ${code}.` : (element.textContent ?? '');
    });
  }

  /** Gives code a frame with its language and a button that copies it, and colours. */
  #present(code: HTMLElement): void {
    const language = /language-(\S+)/.exec(code.className)?.[1] ?? '';
    // Markdown's last line break is none of the code.
    const text = (code.textContent ?? '').replace(/\n$/, '');
    const figure = document.createElement('figure');
    const caption = document.createElement('figcaption');
    const name = document.createElement('span');
    name.textContent = language || 'text';
    const button = document.createElement('button');
    button.type = 'button';
    const label = (word: string) => {
      button.textContent = word;
      button.setAttribute('aria-label', `${word} code, ${name.textContent}`);
    };
    label('Copy');
    button.addEventListener('click', () => {
      void copyText(text).then((done) => {
        label(done ? 'Copied' : 'Not copied');
        setTimeout(() => label('Copy'), 2_000);
      });
    });
    caption.append(name, button);
    const pre = code.parentElement as HTMLPreElement;
    pre.replaceWith(figure);
    figure.append(caption, pre);
    // Keyboards scroll what they can reach.
    pre.tabIndex = 0;
    pre.setAttribute('role', 'region');
    pre.setAttribute('aria-label', `Code, ${name.textContent}`);
    if (language) void colour(code, text, language);
  }
}

async function colour(code: HTMLElement, text: string, language: string): Promise<void> {
  if (!highlight) ({ highlight } = await import('../markdown/highlight'));
  const html = highlight(text, language);
  if (html !== null) code.replaceChildren(sanitise(html));
}

function scrollable(table: HTMLTableElement): void {
  const frame = document.createElement('div');
  frame.className = 'table';
  frame.tabIndex = 0;
  frame.setAttribute('role', 'region');
  frame.setAttribute('aria-label', 'Table');
  table.replaceWith(frame);
  frame.append(table);
}

declare global {
  interface HTMLElementTagNameMap {
    'sotto-markdown': MarkdownElement;
  }
}
