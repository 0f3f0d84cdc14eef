import { css } from 'lit';

export const messageStyles = css`
  :host {
    display: block;
  }
  article {
    display: flex;
    flex-direction: column;
    margin-bottom: 1.25rem;
  }
  /* The answer is near. */
  article.user {
    align-items: flex-end;
    margin-bottom: 0.25rem;
  }
  .said {
    max-width: min(100%, 36rem);
    padding: 0.625rem 1rem;
    border-radius: 18px 18px 6px 18px;
    background: var(--accent-soft);
    line-height: 1.55;
    white-space: pre-wrap;
    overflow-wrap: anywhere;
  }
  :host(.sought) .said,
  :host(.sought) sotto-markdown {
    animation: sought 1.6s ease-out;
  }
  @keyframes sought {
    from {
      background: var(--mark);
    }
  }
  .speaker {
    margin-bottom: 0.25rem;
    color: var(--ink-faint);
    font-size: 0.8125rem;
    font-weight: 500;
  }
  .system,
  .tool {
    color: var(--ink-soft);
    font-size: 0.9375rem;
  }
  .waiting {
    display: flex;
    align-items: center;
    gap: 0.625rem;
    min-height: 1.65rem;
    color: var(--ink-faint);
  }
  .waiting i {
    width: 0.5rem;
    height: 0.5rem;
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
  .ending {
    margin-top: 0.75rem;
    color: var(--ink-faint);
    font-size: 0.875rem;
  }
  .foot {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 0 0.5rem;
    min-height: 2rem;
    margin: 0.25rem -0.4375rem 0;
    color: var(--ink-faint);
    font-size: 0.8125rem;
    font-variant-numeric: tabular-nums;
  }
  .actions,
  .versions {
    display: flex;
    align-items: center;
  }
  .versions .small {
    width: 1.75rem;
  }
  .usage {
    padding-left: 0.25rem;
  }
  .actions .icon-button,
  .usage {
    opacity: 0;
    transition: opacity var(--quick), background var(--quick), color var(--quick);
  }
  article:is(:hover, :focus-within) :is(.actions .icon-button, .usage),
  .actions [aria-pressed='true'],
  :host([last]) .assistant :is(.actions .icon-button, .usage) {
    opacity: 1;
  }
  @media (hover: none) {
    .actions .icon-button,
    .usage {
      opacity: 1;
    }
  }
  .edit {
    display: grid;
    gap: 0.5rem;
    width: 100%;
    margin-bottom: 1.5rem;
  }
  .edit .field {
    max-height: 60vh;
    padding: 0.75rem 1rem;
    border-radius: 12px;
    line-height: 1.55;
  }
  .edit div {
    display: flex;
    justify-content: flex-end;
    gap: 0.5rem;
  }
  @media (prefers-reduced-motion: reduce) {
    * {
      animation: none !important;
    }
  }
`;
