/** Markdown as a list of blocks, so that an answer that grows is made anew only where it grows. */

import { Marked, type Token, type Tokens } from 'marked';

/** A paragraph, a list, a table, or the like. */
export interface Block {
  /** Equal for blocks that look the same. */
  key: string;
  /** Not to be trusted. */
  html: () => string;
}

/** Beyond this many characters, text is shown as it is. */
const LONGEST = 200_000;

const marked = new Marked({
  gfm: true,
  renderer: {
    // What looks like HTML is shown as the text that it is.
    html: ({ text }) => escape(text),
    // Nothing is fetched from elsewhere: pictures are links.
    image: ({ href, text }) => `<a href="${escape(href)}">${escape(text || href)}</a>`,
    checkbox: ({ checked }) => (checked ? '☑ ' : '☐ '),
    // Headings within lists and quotes; others get a level below.
    heading({ tokens }) {
      return `<p><strong>${this.parser.parseInline(tokens)}</strong></p>`;
    },
  },
});

export function blocks(text: string): Block[] {
  if (text.length > LONGEST) return [{ key: text, html: () => `<pre><code>${escape(text)}</code></pre>` }];
  const tokens = marked.lexer(text);
  const links = Object.keys(tokens.links).length;
  const levels = new Outline();
  return tokens
    .filter(({ type }) => type !== 'space' && type !== 'def')
    .map((token) => {
      const level = token.type === 'heading' ? levels.next((token as Tokens.Heading).depth) : 0;
      return { key: `${level} ${links} ${token.raw}`, html: () => render(token, level) };
    });
}

function render(token: Token, level: number): string {
  if (token.type !== 'heading') return marked.parser([token]);
  return `<h${level}>${marked.Parser.parseInline((token as Tokens.Heading).tokens, marked.defaults)}</h${level}>`;
}

/** Levels for headings such that none is left out, whatever the text does. The page has the first two. */
class Outline {
  #depths: number[] = [];

  next(depth: number): number {
    this.#depths = this.#depths.filter((above) => above < depth);
    this.#depths.push(depth);
    return Math.min(6, 2 + this.#depths.length);
  }
}

export function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
