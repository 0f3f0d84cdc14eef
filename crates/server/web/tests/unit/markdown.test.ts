import { describe, expect, test } from 'vitest';

import { blocks } from '../../src/markdown/blocks';
import { highlight } from '../../src/markdown/highlight';
import { sanitiser } from '../../src/markdown/sanitise';
import { HOSTILE } from './hostile';

const sanitise = sanitiser(window);

function shown(markdown: string): HTMLElement {
  const element = document.createElement('div');
  for (const { html } of blocks(markdown)) element.append(sanitise(html()));
  return element;
}

const ELEMENTS = /^(a|blockquote|br|code|del|em|h[3-6]|hr|li|ol|p|pre|span|strong|table|tbody|td|th|thead|tr|ul)$/;

describe('hostile Markdown', () => {
  test.each(HOSTILE)('%s', (markdown) => {
    const elements = [...shown(markdown).querySelectorAll('*')];
    for (const element of elements) {
      expect(element.localName).toMatch(ELEMENTS);
      for (const { name, value } of element.attributes) {
        if (name === 'href') expect(value).toMatch(/^(https?|mailto):/);
        else if (name === 'class') expect(value).toMatch(/^language-/);
        else expect(['rel', 'target', 'start', 'align']).toContain(name);
      }
    }
  });

  test('is safe even where it does not come through Markdown', () => {
    for (const html of HOSTILE) {
      const element = document.createElement('div');
      element.append(sanitise(html));
      expect(
        element.querySelector('script, style, img, svg, iframe, form, input, object, base, link, meta'),
      ).toBeNull();
      expect(element.innerHTML).not.toMatch(/<[^>]* (on\w+|style|id|name)=/);
    }
  });
});

describe('Markdown', () => {
  test('of each kind becomes its elements', () => {
    const text =
      '# A\n\n*b* **c** ~~d~~ `e`\n\n1. f\n2. g\n\n- [x] h\n- [ ] i\n\n> j\n\n| k |\n|--:|\n| l |\n\n```rust\nm\n```\n\n---';
    const element = shown(text);
    const selectors = [
      'h3',
      'em',
      'strong',
      'del',
      'p > code',
      'ol > li',
      'ul > li',
      'blockquote',
      'td[align=right]',
      'hr',
    ];
    for (const selector of [...selectors, 'pre > code.language-rust']) {
      expect(element.querySelector(selector), selector).not.toBeNull();
    }
    expect(element.textContent).toContain('☑ h');
    expect(element.textContent).toContain('☐ i');
  });

  test('links lead elsewhere, and pictures are links', () => {
    const links = [...shown('[a](https://a.example) ![b](https://b.example/b.png)').querySelectorAll('a')];
    expect(links.map(({ href, textContent }) => [href, textContent])).toEqual([
      ['https://a.example/', 'a'],
      ['https://b.example/b.png', 'b'],
    ]);
    for (const link of links) {
      expect(link.target).toBe('_blank');
      expect(link.rel).toBe('noopener noreferrer nofollow');
    }
  });

  test('HTML is shown as text', () => {
    expect(shown('a <b>bold</b> word').textContent?.trim()).toBe('a <b>bold</b> word');
  });

  test('headings leave out no level', () => {
    const levels = (text: string) =>
      [...shown(text).querySelectorAll('h3, h4, h5, h6')].map(({ localName }) => localName);
    expect(levels('### a\n\n##### b\n\n# c\n\n## d')).toEqual(['h3', 'h4', 'h3', 'h4']);
    expect(levels('> # in a quote')).toEqual([]);
  });

  test('blocks that are whole keep their keys as text grows', () => {
    const text = '# a\n\nb\n\n```js\nlet c;\n\nlet d;\n```\n\n- e\n- f\n\ng';
    let before: string[] = [];
    for (let end = 1; end <= text.length; end++) {
      const keys = blocks(text.slice(0, end)).map(({ key }) => key);
      const whole = before.slice(0, Math.max(0, keys.length - 2));
      expect(keys.slice(0, whole.length)).toEqual(whole);
      before = keys;
    }
  });

  test('of great length is shown as it is', () => {
    expect(shown('*'.repeat(300_000)).querySelector('pre > code')?.textContent).toHaveLength(300_000);
  });
});

describe('colours of code', () => {
  test('are spans, which survive', () => {
    const element = document.createElement('div');
    element.append(sanitise(highlight('let a = "<b>";', 'rust') ?? ''));
    expect(element.textContent).toBe('let a = "<b>";');
    expect(element.querySelector('span.hljs-keyword')?.textContent).toBe('let');
    expect(element.querySelector('span.hljs-string')?.textContent).toBe('"<b>"');
  });

  test('are none for languages that are not known', () => {
    expect(highlight('x', 'nonsense')).toBeNull();
  });
});
