import { css, html, LitElement, nothing } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';

import type { Id } from '../api/types';
import type { App } from '../state/app';
import { Watch } from '../state/observable';
import { shared } from '../styles/shared';
import { icons } from './icons';
import './message';
import './welcome';

/** Pixels from the end within which the end is followed. */
const NEAR = 64;

/** The messages of a conversation. What is new is followed, unless something else is being read. */
@customElement('sotto-thread')
export class ThreadElement extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        position: relative;
        display: flex;
        min-height: 0;
      }
      .scroller {
        position: relative;
        flex: 1;
        min-width: 0;
        overflow-y: auto;
        overscroll-behavior: contain;
        scrollbar-width: thin;
        scrollbar-color: var(--line-strong) transparent;
      }
      .messages {
        max-width: calc(var(--measure) + 3rem);
        margin: 0 auto;
        padding: 1rem 1.5rem 2rem;
      }
      .problem {
        display: grid;
        place-items: center;
        align-content: center;
        gap: 1rem;
        height: 100%;
        padding: 2rem;
        color: var(--ink-soft);
        text-align: center;
      }
      .latest {
        position: absolute;
        z-index: 1;
        bottom: 1rem;
        left: 50%;
        transform: translateX(-50%);
        border: 1px solid var(--line);
        border-radius: 50%;
        background: var(--raised);
        box-shadow: var(--shadow);
      }
      @media (max-width: 52rem) {
        .messages {
          padding: 0.5rem 1rem 1.5rem;
        }
      }
    `,
  ];

  @property({ attribute: false }) app!: App;
  @query('.scroller') private scroller!: HTMLElement;
  @query('.announcer') private announcer!: HTMLElement;
  @state() private atEnd = true;
  #shown: Id | null = null;
  /** The answer that is being read out, and how many of its blocks have been. */
  #spoken: { id: Id; blocks: number } | null = null;

  constructor() {
    super();
    new Watch(this, () => [this.app.open, this.app.connection]);
  }

  override render() {
    return html`
      <div class="scroller" @scroll=${this.#scrolled}>${this.#content()}</div>
      ${
        this.atEnd
          ? nothing
          : html`<button class="icon-button latest" aria-label="Go to the end" title="Go to the end" @click=${this.#toEnd}>
            ${icons.down}
          </button>`
      }
      <div class="announcer hidden-text" aria-live="polite" aria-relevant="additions"></div>
    `;
  }

  #content() {
    const { open, connection } = this.app;
    if (open.state === 'missing') {
      return html`<div class="problem">
        <p>There is no such conversation here. It may have been deleted, or have expired.</p>
        <button class="button" @click=${() => this.app.startNew()}>New conversation</button>
      </div>`;
    }
    if (open.state === 'failed') {
      return html`<div class="problem">
        <p>The conversation cannot be shown now.</p>
        <button class="button" @click=${() => void open.reload()}>Try again</button>
      </div>`;
    }
    if (open.state === 'loading') return nothing;
    const { steps } = open;
    if (steps.length === 0) return html`<sotto-welcome .app=${this.app}></sotto-welcome>`;
    const loading = connection.status?.model.state === 'loading';
    return html`<div class="messages">
      ${repeat(
        steps,
        ({ message }) => message.id,
        (step, index) => html`<sotto-message
          data-id=${step.message.id}
          .app=${this.app}
          .step=${step}
          .loading=${loading}
          ?last=${index === steps.length - 1}
        ></sotto-message>`,
      )}
    </div>`;
  }

  protected override async updated(): Promise<void> {
    const { open } = this.app;
    const changed = open.id !== this.#shown && open.steps.length > 0;
    if (changed) this.#shown = open.id;
    const follow = this.atEnd || changed;
    await this.#rendered();
    if (open.sought !== null && open.state === 'ready') this.#seek(open.sought);
    else if (follow) this.scroller.scrollTop = this.scroller.scrollHeight;
    this.#announce();
  }

  /** Goes to the end, where the next answer will be. */
  toEnd(): void {
    this.atEnd = true;
  }

  #toEnd(): void {
    this.scroller.scrollTo({ top: this.scroller.scrollHeight, behavior: 'smooth' });
  }

  #scrolled(): void {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    this.atEnd = scrollHeight - scrollTop - clientHeight < NEAR;
  }

  async #rendered(): Promise<void> {
    for (const message of this.renderRoot.querySelectorAll('sotto-message')) {
      await message.updateComplete;
      await message.renderRoot.querySelector('sotto-markdown')?.updateComplete;
    }
  }

  #seek(id: Id): void {
    this.app.open.sought = null;
    const message = this.#message(id);
    if (!message) return;
    message.scrollIntoView({ block: 'center' });
    message.classList.add('sought');
  }

  /** Screen readers hear an answer in paragraphs that are whole: what still changes would be read again and again. */
  #announce(): void {
    const { streaming } = this.app.open;
    if (streaming && this.#spoken?.id !== streaming.id) {
      this.#spoken = { id: streaming.id, blocks: 0 };
      this.announcer.replaceChildren();
    }
    if (!this.#spoken) return;
    const texts = this.#message(this.#spoken.id)?.spoken(this.#spoken.blocks) ?? [];
    for (const text of texts) {
      const paragraph = document.createElement('p');
      paragraph.textContent = text;
      this.announcer.append(paragraph);
    }
    this.#spoken.blocks += texts.length;
    if (!streaming) this.#spoken = null;
  }

  #message(id: Id) {
    return this.renderRoot.querySelector<HTMLElementTagNameMap['sotto-message']>(`sotto-message[data-id='${id}']`);
  }
}
