import { css } from 'lit';

/** The page of a spoken conversation. */
export const voiceStyles = css`
  :host {
    display: contents;
  }
  dialog {
    width: 100vw;
    max-width: none;
    height: 100dvh;
    max-height: none;
    margin: 0;
    padding: 0;
    border: 0;
    background: var(--surface);
    color: var(--ink);
    overflow: hidden;
  }
  dialog[open] {
    display: grid;
    grid-template: auto minmax(0, 1fr) auto / minmax(0, 1fr);
    animation: appear var(--calm);
  }
  dialog:focus {
    outline: 0;
  }
  header {
    display: flex;
    align-items: center;
    gap: 0.25rem;
    min-height: 3.5rem;
    padding: calc(0.5rem + env(safe-area-inset-top)) 0.75rem 0.5rem 1.5rem;
  }
  h2 {
    flex: 1;
    margin: 0;
    font-size: 1rem;
    font-weight: 600;
    letter-spacing: -0.005em;
  }
  .stage {
    display: flex;
    flex-direction: column;
    align-items: center;
    gap: 0.75rem;
    min-height: 0;
    padding: 0 1.5rem;
  }
  .orb {
    flex: 0 1 auto;
    width: min(19rem, 60vw, 38dvh);
    padding: 0;
    border: 0;
    border-radius: 50%;
    background: none;
    cursor: pointer;
  }
  .orb[disabled] {
    cursor: default;
  }
  .phase {
    min-height: 1.5rem;
    color: var(--ink-soft);
    font-weight: 500;
  }
  .lines {
    flex: 1;
    width: 100%;
    max-width: 40rem;
    min-height: 0;
    padding: 1rem 0.25rem;
    overflow-y: auto;
    overscroll-behavior: contain;
  }
  .lines p {
    margin-bottom: 0.875rem;
    font-size: 1.25rem;
    line-height: 1.5;
    text-align: center;
    text-wrap: balance;
    overflow-wrap: anywhere;
  }
  .person {
    color: var(--ink-soft);
  }
  .problem {
    max-width: 36rem;
    padding: 0.5rem 1rem;
    border-radius: var(--radius);
    background: var(--note-soft);
    color: var(--note);
    text-align: center;
  }
  .manner {
    display: flex;
    flex-wrap: wrap;
    justify-content: center;
    gap: 0.75rem 1.5rem;
    width: 100%;
    max-width: 32rem;
  }
  .manner label {
    display: grid;
    gap: 0.25rem;
    min-width: 11rem;
    color: var(--ink-soft);
    font-size: 0.9375rem;
  }
  input[type='range'] {
    height: 2.5rem;
    accent-color: var(--accent);
  }
  footer {
    display: flex;
    flex-direction: column;
    align-items: center;
    gap: 0.75rem;
    padding: 0.75rem 1.5rem calc(1.5rem + env(safe-area-inset-bottom));
  }
  .microphone {
    display: grid;
    place-items: center;
    width: 4.5rem;
    height: 4.5rem;
    padding: 0;
    border: 0;
    border-radius: 50%;
    background: var(--accent);
    color: var(--accent-ink);
    cursor: pointer;
    transition: background var(--quick);
  }
  .microphone svg {
    width: 1.75rem;
    height: 1.75rem;
  }
  .microphone[aria-pressed='true'] {
    background: var(--hover);
    color: var(--ink);
    box-shadow: inset 0 0 0 1px var(--line-strong);
  }
  .microphone[aria-disabled] {
    background: var(--hover);
    color: var(--ink-faint);
    cursor: default;
  }
  .write {
    display: flex;
    gap: 0.5rem;
    width: 100%;
    max-width: 32rem;
  }
  .hint {
    color: var(--ink-faint);
    font-size: 0.8125rem;
  }
  @keyframes appear {
    from {
      opacity: 0;
    }
  }
`;
