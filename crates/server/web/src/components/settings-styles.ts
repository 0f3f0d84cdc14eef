import { css } from 'lit';

export const settingsStyles = css`
  section + section {
    margin-top: 1.75rem;
    padding-top: 1.5rem;
    border-top: 1px solid var(--line);
  }
  h3 {
    margin-bottom: 0.75rem;
    font-size: 1rem;
    font-weight: 600;
  }
  dl {
    display: grid;
    grid-template-columns: 7rem 1fr;
    gap: 0.375rem 1rem;
    font-size: 0.9375rem;
  }
  dt {
    color: var(--ink-faint);
  }
  dd {
    overflow-wrap: anywhere;
  }
  label {
    display: grid;
    gap: 0.375rem;
    font-size: 0.9375rem;
    font-weight: 500;
  }
  label .field {
    font-weight: 400;
  }
  .about {
    margin-top: 0.75rem;
    color: var(--ink-faint);
    font-size: 0.875rem;
  }
  .about::first-letter {
    text-transform: uppercase;
  }
  .about a {
    color: var(--accent);
  }
  .row {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(7.5rem, 1fr));
    gap: 0.75rem;
    margin-top: 0.75rem;
  }
  .row .field[type='number'] {
    max-width: none;
  }
  .buttons {
    grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr));
    margin-top: 1rem;
  }
  .buttons svg {
    width: 1.125rem;
    height: 1.125rem;
  }
  fieldset {
    display: flex;
    flex-wrap: wrap;
    gap: 0.25rem 1.25rem;
  }
  legend {
    margin-bottom: 0.375rem;
    padding: 0;
    font-size: 0.9375rem;
    font-weight: 500;
  }
  fieldset label {
    display: flex;
    align-items: center;
    gap: 0.5rem;
    min-height: 2rem;
    font-weight: 400;
  }
  input[type='radio'] {
    width: 1.0625rem;
    height: 1.0625rem;
    margin: 0;
    accent-color: var(--accent);
  }
  .keys {
    margin-top: 1.25rem;
  }
  .keys dd {
    color: var(--ink-soft);
  }
  kbd {
    display: inline-block;
    padding: 0 0.375rem;
    border: 1px solid var(--line);
    border-radius: 5px;
    color: var(--ink-soft);
    font: 500 0.8125rem/1.375rem var(--sans);
  }
  footer .problem {
    flex: 1 1 12rem;
    align-self: center;
    color: var(--danger);
    font-size: 0.9375rem;
  }
`;
