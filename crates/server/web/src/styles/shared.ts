import { css } from 'lit';

/** What every component begins with: box model, focus, buttons and fields. */
export const shared = css`
  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }
  :host {
    -webkit-tap-highlight-color: transparent;
  }
  :host([hidden]),
  [hidden] {
    display: none !important;
  }
  h1,
  h2,
  h3,
  p,
  ul,
  ol,
  dl,
  dd,
  figure,
  fieldset {
    margin: 0;
    padding: 0;
    border: 0;
    min-width: 0;
  }
  ul {
    list-style: none;
  }
  :focus-visible {
    outline: 2px solid var(--accent);
    outline-offset: 2px;
  }
  button,
  input,
  textarea,
  select {
    font: inherit;
    color: inherit;
    letter-spacing: inherit;
  }
  svg {
    display: block;
    width: 1.25rem;
    height: 1.25rem;
    flex: none;
  }
  .hidden-text {
    position: absolute;
    width: 1px;
    height: 1px;
    margin: -1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }

  .icon-button {
    display: inline-grid;
    place-items: center;
    width: 2.25rem;
    height: 2.25rem;
    padding: 0;
    border: 0;
    border-radius: var(--radius);
    background: none;
    color: var(--ink-soft);
    cursor: pointer;
    transition: background var(--quick), color var(--quick);
  }
  .icon-button:hover,
  .icon-button[aria-expanded='true'] {
    background: var(--hover);
    color: var(--ink);
  }
  .icon-button[aria-pressed='true'] {
    color: var(--accent);
  }
  .icon-button[disabled] {
    color: var(--ink-faint);
    opacity: 0.5;
    cursor: default;
    background: none;
  }
  .small {
    width: 2rem;
    height: 2rem;
  }
  .small svg {
    width: 1.0625rem;
    height: 1.0625rem;
  }

  .button {
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: 0.5rem;
    min-height: 2.5rem;
    padding: 0 1rem;
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: var(--raised);
    font-weight: 500;
    cursor: pointer;
    transition: background var(--quick), border-color var(--quick);
  }
  .button:hover {
    background: var(--hover);
  }
  .button.primary {
    border-color: var(--accent);
    background: var(--accent);
    color: var(--accent-ink);
  }
  .button.primary:hover {
    background: color-mix(in oklab, var(--accent) 88%, var(--ink));
  }
  .button.danger {
    color: var(--danger);
  }
  .button.danger:hover {
    background: var(--danger-soft);
  }
  .button[disabled] {
    opacity: 0.55;
    cursor: default;
  }

  .field {
    width: 100%;
    min-height: 2.5rem;
    padding: 0.5rem 0.75rem;
    border: 1px solid var(--line-strong);
    border-radius: var(--radius);
    background: var(--raised);
  }
  .field::placeholder {
    color: var(--ink-faint);
    opacity: 1;
  }
  textarea.field {
    line-height: 1.5;
    resize: vertical;
  }
  .field:focus-visible {
    outline-offset: 0;
    border-color: var(--accent);
  }
`;

/** Modal dialogs. */
export const dialogStyles = css`
  :host {
    display: contents;
  }
  dialog {
    width: min(36rem, calc(100vw - 2rem));
    max-height: min(46rem, calc(100dvh - 2rem));
    padding: 0;
    border: 1px solid var(--line);
    border-radius: var(--radius-large);
    background: var(--surface);
    color: var(--ink);
    box-shadow: var(--shadow);
    overflow: hidden;
  }
  dialog[open] {
    display: flex;
    flex-direction: column;
    animation: rise var(--calm);
  }
  dialog::backdrop {
    background: rgb(10 20 17 / 0.4);
    animation: appear var(--calm);
  }
  dialog > form {
    display: flex;
    flex-direction: column;
    min-height: 0;
  }
  dialog header {
    display: flex;
    align-items: center;
    justify-content: space-between;
    padding: 1rem 1rem 0.75rem 1.5rem;
  }
  dialog h2 {
    font-size: 1.25rem;
    font-weight: 600;
    letter-spacing: -0.01em;
  }
  .body {
    padding: 0.25rem 1.5rem 1.5rem;
    overflow-y: auto;
  }
  dialog footer {
    display: flex;
    flex-wrap: wrap;
    justify-content: flex-end;
    gap: 0.5rem;
    padding: 1rem 1.5rem;
    border-top: 1px solid var(--line);
  }
  @keyframes rise {
    from {
      opacity: 0;
      transform: translateY(8px);
    }
  }
  @keyframes appear {
    from {
      opacity: 0;
    }
  }
`;
