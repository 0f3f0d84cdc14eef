import { css, html, LitElement, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';

import type { App } from '../state/app';
import type { Notice } from '../state/notices';
import { Watch } from '../state/observable';
import { shared } from '../styles/shared';
import { icons } from './icons';

/** Milliseconds that a notice stays, when nobody points at it. */
const STAY = 8_000;

/** Short messages at the edge of the page. */
@customElement('sotto-toasts')
export class ToastsElement extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        position: fixed;
        z-index: 3;
        top: calc(4rem + env(safe-area-inset-top));
        right: 1rem;
        display: grid;
        gap: 0.5rem;
        justify-items: end;
        max-width: calc(100vw - 2rem);
        pointer-events: none;
      }
      .toast {
        display: flex;
        align-items: center;
        gap: 0.25rem;
        max-width: 28rem;
        padding: 0.375rem 0.375rem 0.375rem 1rem;
        border-radius: 12px;
        background: var(--ink);
        color: var(--surface);
        box-shadow: var(--shadow);
        font-size: 0.9375rem;
        pointer-events: auto;
        animation: rise var(--calm);
      }
      .toast.problem {
        border: 1px solid var(--danger);
        background: var(--danger-soft);
        color: var(--ink);
      }
      span {
        flex: 1;
        padding: 0.25rem 0;
        overflow-wrap: anywhere;
      }
      button {
        min-height: 2.25rem;
        border: 0;
        border-radius: 8px;
        background: none;
        color: inherit;
        font-weight: 600;
        cursor: pointer;
      }
      button:hover {
        background: color-mix(in srgb, currentColor 14%, transparent);
      }
      .action {
        padding: 0 0.75rem;
      }
      :focus-visible {
        outline-color: currentColor;
      }
      .close {
        width: 2.25rem;
        padding: 0;
        display: grid;
        place-items: center;
      }
      .close svg {
        width: 1rem;
        height: 1rem;
      }
      @keyframes rise {
        from {
          opacity: 0;
          transform: translateY(-8px);
        }
      }
      @media (max-width: 52rem) {
        :host {
          left: 1rem;
          justify-items: stretch;
        }
      }
    `,
  ];

  @property({ attribute: false }) app!: App;
  #timers = new Map<number, ReturnType<typeof setTimeout>>();

  constructor() {
    super();
    new Watch(this, () => [this.app.notices]);
  }

  override render() {
    return html`<div role="status" aria-live="polite">
      ${repeat(
        this.app.notices.current,
        ({ id }) => id,
        (notice) => html`
          <div
            class="toast ${notice.tone}"
            @pointerenter=${() => this.#hold(notice)}
            @pointerleave=${() => this.#release(notice)}
            @focusin=${() => this.#hold(notice)}
            @focusout=${() => this.#release(notice)}
          >
            <span>${notice.text}</span>
            ${
              notice.action
                ? html`<button class="action" @click=${() => this.#act(notice)}>${notice.action.label}</button>`
                : nothing
            }
            <button class="close" aria-label="Dismiss" @click=${() => this.app.notices.dismiss(notice.id)}>
              ${icons.close}
            </button>
          </div>
        `,
      )}
    </div>`;
  }

  protected override updated(): void {
    for (const notice of this.app.notices.current) if (!this.#timers.has(notice.id)) this.#release(notice);
  }

  #act(notice: Notice): void {
    notice.action?.run();
    this.app.notices.dismiss(notice.id);
  }

  #hold({ id }: Notice): void {
    clearTimeout(this.#timers.get(id));
  }

  #release({ id }: Notice): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.set(
      id,
      setTimeout(() => this.app.notices.dismiss(id), STAY),
    );
  }
}
