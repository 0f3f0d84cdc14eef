import { css, html, LitElement, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';

import type { App } from '../state/app';
import { Watch } from '../state/observable';
import { shared } from '../styles/shared';

/** Which model answers, and how far it is. */
@customElement('sotto-model-status')
export class ModelStatusElement extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: block;
        min-width: 0;
        font-size: 0.8125rem;
        line-height: 1.4;
        color: var(--ink-faint);
      }
      .name {
        display: flex;
        align-items: baseline;
        gap: 0.5rem;
        color: var(--ink-soft);
        font-size: 0.875rem;
        overflow-wrap: anywhere;
      }
      .name::before {
        content: '';
        flex: none;
        width: 0.5rem;
        height: 0.5rem;
        border-radius: 50%;
        background: var(--ink-faint);
      }
      .ready .name::before {
        background: var(--accent);
      }
      .failed .name::before {
        background: var(--danger);
      }
      .loading .name::before {
        background: var(--note);
        animation: breathe 1.6s ease-in-out infinite;
      }
      p {
        padding-left: 1rem;
        text-wrap: balance;
        overflow-wrap: anywhere;
      }
      .failed p {
        color: var(--danger);
      }
      @keyframes breathe {
        50% {
          opacity: 0.3;
        }
      }
      @media (prefers-reduced-motion: reduce) {
        * {
          animation: none !important;
        }
      }
    `,
  ];

  @property({ attribute: false }) app!: App;

  constructor() {
    super();
    new Watch(this, () => [this.app.connection]);
  }

  override render() {
    const { status, state } = this.app.connection;
    const online = state === 'online';
    if (!status)
      return html`<div role="status"><span class="name">${online ? 'Connecting' : 'Not connected'}</span></div>`;
    const { name, state: model, step, notices, error } = status.model;
    return html`
      <div class=${online ? model : ''} role="status">
        <span class="name">${name}</span>
        ${!online ? html`<p>not connected</p>` : nothing}
        ${online && model === 'loading' ? html`<p>${step ?? 'loading'}</p>` : nothing}
        ${online && model === 'failed' ? html`<p>${error ?? 'The model cannot be used.'}</p>` : nothing}
        ${notices.map((notice) => html`<p>${notice}</p>`)}
      </div>
    `;
  }
}
