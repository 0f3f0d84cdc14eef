import { css, html, LitElement, nothing, type PropertyValues } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';

import type { Id } from '../api/types';
import type { App } from '../state/app';
import { Watch } from '../state/observable';
import { recall, remember } from '../state/storage';
import { shared } from '../styles/shared';
import { icons } from './icons';
import './meter';

/** Where messages are written, or spoken. What is not sent is kept. Fires `sent` and `talk`. */
@customElement('sotto-composer')
export class ComposerElement extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        position: relative;
        display: block;
      }
      /* What scrolls away above fades. */
      :host::before {
        content: '';
        position: absolute;
        inset: -1.5rem 0 calc(100% + 1px);
        background: linear-gradient(transparent, var(--surface));
        pointer-events: none;
      }
      form {
        display: flex;
        align-items: flex-end;
        gap: 0.5rem;
        max-width: calc(var(--measure) + 1.5rem);
        margin: 0 auto;
        padding: 0.5rem;
        border: 1px solid var(--line-strong);
        border-radius: 20px;
        background: var(--raised);
        transition: border-color var(--quick);
      }
      form:focus-within {
        border-color: var(--accent);
        box-shadow: 0 0 0 1px var(--accent);
      }
      textarea {
        flex: 1;
        min-width: 0;
        max-height: 40vh;
        padding: 0.5rem 0.5rem 0.5rem 0.75rem;
        border: 0;
        outline: 0;
        background: none;
        line-height: 1.5;
        resize: none;
      }
      textarea:focus-visible {
        outline: 0;
      }
      textarea::placeholder {
        color: var(--ink-faint);
        opacity: 1;
      }
      .talk,
      .send {
        border-radius: 12px;
        width: 2.5rem;
        height: 2.5rem;
      }
      .talk[aria-disabled] {
        color: var(--ink-faint);
      }
      .send {
        background: var(--accent);
        color: var(--accent-ink);
      }
      .send:hover:not([disabled]) {
        background: color-mix(in oklab, var(--accent) 88%, var(--ink));
        color: var(--accent-ink);
      }
      .send[disabled] {
        background: var(--hover);
        color: var(--ink-faint);
        opacity: 1;
      }
      .below {
        display: flex;
        justify-content: space-between;
        gap: 1rem;
        max-width: calc(var(--measure) + 1.5rem);
        min-height: 1.25rem;
        margin: 0.5rem auto 0;
        padding: 0 0.75rem;
        color: var(--ink-faint);
        font-size: 0.8125rem;
      }
      @media (max-width: 52rem) {
        .hint {
          display: none;
        }
      }
    `,
  ];

  @property({ attribute: false }) app!: App;
  @state() private empty = true;
  @state() private sending = false;
  @query('textarea') private field!: HTMLTextAreaElement;
  #id: Id | null | undefined;

  constructor() {
    super();
    new Watch(this, () => [this.app.open, this.app.connection]);
  }

  override render() {
    const { open, connection } = this.app;
    const streaming = open.streaming !== null;
    const { obstacle } = this.app.talk;
    return html`
      <form
        aria-label="Message"
        @submit=${(event: Event) => {
          event.preventDefault();
          void this.#send();
        }}
      >
        <textarea
          aria-label="Message"
          dir="auto"
          rows="1"
          placeholder="Write a message"
          enterkeyhint="send"
          @input=${this.#input}
          @keydown=${this.#key}
        ></textarea>
        <button
          type="button"
          class="icon-button talk"
          aria-label="Talk"
          title=${obstacle ?? 'Talk'}
          aria-description=${obstacle ?? nothing}
          aria-disabled=${obstacle === null ? nothing : 'true'}
          @click=${this.#talk}
        >
          ${icons.voice}
        </button>
        ${
          streaming
            ? html`<button type="button" class="icon-button send" aria-label="Stop" title="Stop (Esc)" @click=${this.stop}>
              ${icons.stop}
            </button>`
            : html`<button
              class="icon-button send"
              aria-label="Send"
              title="Send (Enter)"
              ?disabled=${this.empty || this.sending || connection.state !== 'online'}
            >
              ${icons.send}
            </button>`
        }
      </form>
      <div class="below">
        <span class="hint">${streaming ? 'Esc stops the answer' : 'Enter sends, Shift and Enter begins a line'}</span>
        <sotto-meter .app=${this.app}></sotto-meter>
      </div>
    `;
  }

  protected override updated(_: PropertyValues): void {
    const { open } = this.app;
    if (open.id !== this.#id) {
      // A new conversation that has just got its name goes on with what is being written.
      if (this.#id === undefined || !this.sending) this.#write(recall(`draft.${open.id ?? 'new'}`) ?? '');
      this.#id = open.id;
    }
    if (!this.sending && !this.empty && open.arrived(this.field.value.trim())) this.#write('');
  }

  override focus(): void {
    this.field.focus();
  }

  /** Puts a text into the field, to be sent or changed. */
  suggest(text: string): void {
    this.#write(text);
    this.focus();
  }

  stop(): void {
    void this.app.notices.attempt(() => this.app.open.stop(), 'Not stopped');
  }

  #talk(): void {
    const { talk, notices } = this.app;
    if (talk.obstacle === null) this.dispatchEvent(new CustomEvent('talk'));
    else notices.add(talk.obstacle);
  }

  async #send(): Promise<void> {
    const text = this.field.value.trim();
    const { open, connection, notices } = this.app;
    if (text === '' || this.sending || open.streaming || connection.state !== 'online') return;
    this.sending = true;
    this.dispatchEvent(new CustomEvent('sent'));
    const draft = `draft.${open.id ?? 'new'}`;
    this.#show('');
    try {
      await open.ask(text);
      remember(draft, null);
    } catch (error) {
      remember(draft, null);
      this.#write(text);
      notices.problem(`Not sent: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      this.sending = false;
    }
  }

  #key(event: KeyboardEvent): void {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    void this.#send();
  }

  #input(): void {
    this.#write(this.field.value);
  }

  #write(text: string): void {
    this.#show(text);
    remember(`draft.${this.app.open.id ?? 'new'}`, text);
  }

  #show(text: string): void {
    const { field } = this;
    if (field.value !== text) field.value = text;
    this.empty = text.trim() === '';
    field.style.height = 'auto';
    field.style.height = `${field.scrollHeight}px`;
  }
}
