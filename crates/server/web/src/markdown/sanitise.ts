/** The only way from text that a model wrote to HTML. */

import createDOMPurify, { type Config, type WindowLike } from 'dompurify';

const ELEMENTS = [
  'a',
  'blockquote',
  'br',
  'code',
  'del',
  'em',
  'h3',
  'h4',
  'h5',
  'h6',
  'hr',
  'li',
  'ol',
  'p',
  'pre',
  'span',
  'strong',
  'table',
  'tbody',
  'td',
  'th',
  'thead',
  'tr',
  'ul',
];

const CONFIG = {
  ALLOWED_TAGS: ELEMENTS,
  ALLOWED_ATTR: ['href', 'class', 'start', 'align'],
  ALLOWED_URI_REGEXP: /^(?:https?|mailto):/i,
  // These hold no addresses.
  ADD_URI_SAFE_ATTR: ['start', 'align'],
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  RETURN_DOM_FRAGMENT: true,
} satisfies Config;

/** Classes name the language of code and the colours of its parts, nothing else. */
const CLASSES = /^(?:language-[\w+#.-]+|hljs-[\w-]+(?: [\w-]+_*)*)$/;

export type Sanitise = (html: string) => DocumentFragment;

export function sanitiser(window: WindowLike): Sanitise {
  const purify = createDOMPurify(window);
  purify.addHook('uponSanitizeAttribute', (_, data) => {
    if (data.attrName === 'class' && !CLASSES.test(data.attrValue)) data.keepAttr = false;
  });
  purify.addHook('afterSanitizeAttributes', (element) => {
    if (element.tagName !== 'A') return;
    element.setAttribute('target', '_blank');
    element.setAttribute('rel', 'noopener noreferrer nofollow');
  });
  return (html) => purify.sanitize(html, CONFIG);
}
