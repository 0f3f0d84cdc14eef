import { css } from 'lit';

/** How an answer reads. */
export const proseStyles = css`
  .block {
    line-height: 1.65;
    overflow-wrap: anywhere;
  }
  .block + .block {
    margin-top: 1rem;
  }
  .block:has(> h3, > h4, > h5, > h6) {
    margin-top: 1.75rem;
  }
  .block:first-child {
    margin-top: 0;
  }
  .block:has(> h3, > h4, > h5, > h6) + .block {
    margin-top: 0.5rem;
  }
  h3,
  h4,
  h5,
  h6 {
    margin: 0;
    line-height: 1.3;
    letter-spacing: -0.01em;
    text-wrap: balance;
  }
  h3 {
    font-size: 1.25rem;
    font-weight: 600;
  }
  h4 {
    font-size: 1.0625rem;
    font-weight: 600;
  }
  h5,
  h6 {
    font-size: 1rem;
    font-weight: 600;
  }
  strong {
    font-weight: 600;
  }
  ul,
  ol {
    margin: 0;
    padding-inline-start: 1.5rem;
  }
  ul {
    list-style: disc;
  }
  li {
    padding-left: 0.25rem;
  }
  li + li {
    margin-top: 0.375rem;
  }
  li > ul,
  li > ol,
  li > p + p {
    margin-top: 0.375rem;
  }
  li::marker {
    color: var(--ink-faint);
  }
  a {
    color: var(--accent);
    text-decoration-thickness: 1px;
    text-underline-offset: 0.2em;
  }
  a:hover {
    text-decoration-thickness: 2px;
  }
  blockquote {
    margin: 0;
    padding-inline-start: 1rem;
    border-inline-start: 2px solid var(--line-strong);
    color: var(--ink-soft);
  }
  blockquote > * + * {
    margin-top: 0.5rem;
  }
  hr {
    margin: 0.5rem 0;
    border: 0;
    border-top: 1px solid var(--line);
  }
  code {
    font: 0.875em/1.5 var(--mono);
    font-variant-ligatures: none;
  }
  :not(pre) > code {
    padding: 0.125em 0.35em;
    border-radius: 4px;
    background: var(--hover);
  }
  figure {
    margin: 0.25rem 0;
    border: 1px solid var(--line);
    border-radius: 12px;
    background: var(--paper);
    overflow: hidden;
  }
  figcaption {
    display: flex;
    align-items: center;
    justify-content: space-between;
    padding: 0.375rem 0.5rem 0.375rem 1rem;
    color: var(--ink-faint);
    font-size: 0.8125rem;
  }
  figcaption button {
    min-height: 1.75rem;
    padding: 0 0.625rem;
    border: 0;
    border-radius: 6px;
    background: none;
    color: var(--ink-soft);
    cursor: pointer;
  }
  figcaption button:hover {
    background: var(--hover);
    color: var(--ink);
  }
  pre {
    margin: 0;
    padding: 0.25rem 1rem 1rem;
    overflow-x: auto;
    border-radius: 0 0 11px 11px;
    tab-size: 4;
  }
  pre:focus-visible,
  .table:focus-visible {
    outline-offset: -2px;
  }
  pre code {
    font-size: 0.8438rem;
    line-height: 1.6;
  }
  .table {
    overflow-x: auto;
  }
  table {
    border-collapse: collapse;
    font-size: 0.9375rem;
    font-variant-numeric: tabular-nums;
  }
  th,
  td {
    padding: 0.5rem 1.25rem 0.5rem 0;
    border-bottom: 1px solid var(--line);
    text-align: left;
    vertical-align: top;
    overflow-wrap: normal;
  }
  th {
    font-weight: 600;
    border-bottom-color: var(--line-strong);
  }
  [align='right'] {
    text-align: right;
  }
  [align='center'] {
    text-align: center;
  }

  .hljs-comment,
  .hljs-quote,
  .hljs-meta {
    color: var(--code-comment);
  }
  .hljs-keyword,
  .hljs-selector-tag,
  .hljs-literal,
  .hljs-deletion {
    color: var(--code-keyword);
  }
  .hljs-string,
  .hljs-regexp,
  .hljs-addition {
    color: var(--code-string);
  }
  .hljs-number,
  .hljs-symbol,
  .hljs-attr,
  .hljs-attribute {
    color: var(--code-number);
  }
  .hljs-title,
  .hljs-name,
  .hljs-type,
  .hljs-section,
  .hljs-built_in {
    color: var(--code-title);
  }

  /* What is being written ends in a soft point. */
  :host([streaming]) .block:last-child > p:last-child::after,
  :host([streaming]) .block:last-child > :is(ul, ol):last-child > li:last-child::after,
  :host([streaming]) .block:last-child > :is(h3, h4, h5, h6)::after {
    content: '';
    display: inline-block;
    width: 0.5em;
    height: 0.5em;
    margin-left: 0.3em;
    border-radius: 50%;
    background: var(--accent);
    animation: breathe 1.6s ease-in-out infinite;
  }
  @keyframes breathe {
    50% {
      opacity: 0.25;
      transform: scale(0.75);
    }
  }
  @media (prefers-reduced-motion: reduce) {
    :host([streaming]) * {
      animation: none !important;
    }
  }
`;
