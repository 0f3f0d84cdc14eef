import { css, html, LitElement } from 'lit';
import { customElement, property } from 'lit/decorators.js';

import type { App } from '../state/app';
import { shared } from '../styles/shared';
import './model-status';

const SUGGESTIONS = [
  'Why is the sky blue?',
  'Write a polite note that declines an invitation',
  'What should I see in Kyoto in two days?',
  'Write a Python function that counts the words of a text',
];

/** Where a conversation begins. Fires `suggested` with a text, which leaves this component and its host. */
@customElement('sotto-welcome')
export class WelcomeElement extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        align-content: center;
        min-height: 100%;
        max-width: calc(var(--measure) + 3rem);
        margin: 0 auto;
        padding: 2rem 1.5rem;
      }
      .term {
        color: var(--accent);
        font: italic 400 clamp(2.5rem, 7vw, 3.5rem)/1.15 var(--voice);
        letter-spacing: -0.015em;
      }
      .meaning {
        max-width: 30rem;
        margin-top: 0.75rem;
        color: var(--ink-soft);
        font-size: 1.0625rem;
        text-wrap: pretty;
      }
      ul {
        margin-top: 2.5rem;
        border-top: 1px solid var(--line);
      }
      li {
        border-bottom: 1px solid var(--line);
      }
      li button {
        width: 100%;
        padding: 0.8125rem 0.25rem;
        border: 0;
        background: none;
        color: var(--ink-soft);
        text-align: left;
        cursor: pointer;
        transition: color var(--quick), padding var(--quick);
      }
      li button:hover {
        padding-left: 0.625rem;
        color: var(--ink);
      }
      /* Where there is room, the list has it beside it. */
      sotto-model-status {
        display: none;
        margin-top: 1.5rem;
      }
      @media (max-width: 52rem) {
        sotto-model-status {
          display: block;
        }
      }
    `,
  ];

  @property({ attribute: false }) app!: App;

  override render() {
    return html`
      <h2 class="term">sotto voce</h2>
      <p class="meaning">In an undertone, so as not to be overheard. Ask anything.</p>
      <ul aria-label="Suggestions">
        ${SUGGESTIONS.map((text) => html`<li><button @click=${() => this.#suggest(text)}>${text}</button></li>`)}
      </ul>
      <sotto-model-status .app=${this.app}></sotto-model-status>
    `;
  }

  #suggest(text: string): void {
    this.dispatchEvent(new CustomEvent<string>('suggested', { detail: text, bubbles: true, composed: true }));
  }
}
