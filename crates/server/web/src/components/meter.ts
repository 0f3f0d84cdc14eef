import { css, html, LitElement, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';

import type { App } from '../state/app';
import { Watch } from '../state/observable';
import { shared } from '../styles/shared';

const CIRCUMFERENCE = 2 * Math.PI * 6;

/** How much of the model's context the conversation takes. */
@customElement('sotto-meter')
export class MeterElement extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: flex;
        align-items: center;
        gap: 0.5rem;
        font-variant-numeric: tabular-nums;
      }
      svg {
        width: 1rem;
        height: 1rem;
        transform: rotate(-90deg);
      }
      circle {
        fill: none;
        stroke: var(--line);
        stroke-width: 2.5;
      }
      circle + circle {
        stroke: var(--accent);
      }
      .full circle + circle {
        stroke: var(--danger);
      }
    `,
  ];

  @property({ attribute: false }) app!: App;

  constructor() {
    super();
    new Watch(this, () => [this.app.open, this.app.connection]);
  }

  override render() {
    const context = this.app.connection.status?.model.context;
    const { open } = this.app;
    const last = open.steps.findLast(({ message }) => open.taken(message))?.message;
    const taken = last ? open.taken(last) : null;
    if (!context || !taken) return nothing;
    const used = taken.prompt_tokens + taken.completion_tokens;
    const share = Math.min(1, used / context);
    const text = `${used.toLocaleString('en-GB')} of ${context.toLocaleString('en-GB')} tokens`;
    return html`
      <svg
        viewBox="0 0 16 16"
        class=${share > 0.9 ? 'full' : ''}
        role="meter"
        aria-label="Context"
        aria-valuemin="0"
        aria-valuemax=${context}
        aria-valuenow=${Math.min(used, context)}
        aria-valuetext=${text}
      >
        <circle cx="8" cy="8" r="6"></circle>
        <circle cx="8" cy="8" r="6" stroke-dasharray="${CIRCUMFERENCE * share} ${CIRCUMFERENCE}"></circle>
      </svg>
      <span aria-hidden="true">${text}</span>
    `;
  }
}
