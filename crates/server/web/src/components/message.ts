import { html, LitElement, nothing } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';

import type { Message } from '../api/types';
import type { App } from '../state/app';
import type { Step } from '../state/thread';
import { shared } from '../styles/shared';
import { copyText } from './copy';
import { icons } from './icons';
import './markdown';
import type { MarkdownElement } from './markdown';
import { messageStyles } from './message-styles';

const SPEAKERS = { user: 'You', assistant: 'Answer', system: 'Instructions', tool: 'Tool' };

function differs(a: Step, b: Step | undefined): boolean {
  return a.message !== b?.message || a.siblings.length !== b.siblings.length;
}

/** One message: what is said, and what can be done with it. Fires `answering`, through all above, when another answer has begun. */
@customElement('sotto-message')
export class MessageElement extends LitElement {
  static override styles = [shared, messageStyles];

  @property({ attribute: false }) app!: App;
  @property({ attribute: false, hasChanged: differs }) step!: Step;
  /** Whether the model is still being loaded, so that an answer has to wait. */
  @property({ type: Boolean }) loading = false;
  @state() private editing = false;
  @state() private copied = false;
  @query('textarea') private editor!: HTMLTextAreaElement | null;
  @query('sotto-markdown') private markdown!: MarkdownElement | null;

  override render() {
    const { message } = this.step;
    return html`
      <article class=${message.role} aria-labelledby="speaker">
        <h2 id="speaker" class=${message.role === 'user' || message.role === 'assistant' ? 'hidden-text' : 'speaker'}>
          ${SPEAKERS[message.role]}
        </h2>
        ${this.editing ? this.#editor(message) : this.#text(message)}
        ${this.editing || !this.#hasFoot(message) ? nothing : this.#foot(message)}
      </article>
    `;
  }

  /** See {@link MarkdownElement.spoken}. */
  spoken(from: number): string[] {
    return this.markdown?.spoken(from) ?? [];
  }

  #text({ id, role, text, state }: Message) {
    if (role === 'user') return html`<div class="said" dir="auto">${text}</div>`;
    const streaming = state === 'streaming';
    if (streaming && text === '') {
      return html`<p class="waiting"><i></i><span>${this.loading ? 'The model is being made ready' : 'Thinking'}</span></p>`;
    }
    return html`
      <sotto-markdown .text=${text} .streaming=${streaming}></sotto-markdown>
      ${state === 'stopped' ? html`<p class="ending">Stopped</p>` : nothing}
      ${
        state === 'interrupted'
          ? html`<p class="ending">${this.app.open.problem(id) ?? 'Interrupted: the server went away. What it had written is kept.'}</p>`
          : nothing
      }
    `;
  }

  #hasFoot(message: Message): boolean {
    return message.state !== 'streaming' || this.step.siblings.length > 1 || this.app.open.taken(message) !== null;
  }

  #foot(message: Message) {
    const { role, favourite, state } = message;
    const { siblings } = this.step;
    return html`
      <div class="foot">
        ${siblings.length > 1 ? this.#versions(message) : nothing}
        ${
          state === 'streaming'
            ? nothing
            : html`
              <div class="actions" role="group" aria-label=${role === 'user' ? 'Question' : 'Answer'}>
                ${this.#action(this.copied ? 'Copied' : 'Copy', this.copied ? icons.check : icons.copy, () => this.#copy())}
                ${role === 'user' ? this.#action('Edit', icons.pencil, () => this.#edit()) : nothing}
                ${role === 'assistant' ? this.#action('Answer again', icons.again, () => this.#again()) : nothing}
                <button
                  class="icon-button small"
                  aria-label="Favourite"
                  title="Favourite"
                  aria-pressed=${String(favourite)}
                  @click=${() => this.#try(this.app.open.setFavourite(message, !favourite), 'Not changed')}
                >
                  ${favourite ? icons.starred : icons.star}
                </button>
                ${this.#action('Delete', icons.trash, () => void this.app.removeMessage(message))}
              </div>
            `
        }
        ${this.#usage(message)}
      </div>
    `;
  }

  #action(label: string, icon: unknown, run: () => void) {
    return html`<button class="icon-button small" aria-label=${label} title=${label} @click=${run}>${icon}</button>`;
  }

  #versions(message: Message) {
    const { siblings } = this.step;
    const at = siblings.indexOf(message.id);
    const show = (index: number) => this.app.open.show(siblings[index] ?? message.id);
    return html`
      <div class="versions" role="group" aria-label=${`Version ${at + 1} of ${siblings.length}`}>
        <button class="icon-button small" aria-label="Version before" ?disabled=${at === 0} @click=${() => show(at - 1)}>
          ${icons.left}
        </button>
        <span aria-hidden="true">${at + 1}/${siblings.length}</span>
        <button
          class="icon-button small"
          aria-label="Version after"
          ?disabled=${at === siblings.length - 1}
          @click=${() => show(at + 1)}
        >
          ${icons.right}
        </button>
      </div>
    `;
  }

  #usage(message: Message) {
    const taken = this.app.open.taken(message);
    if (!taken || taken.seconds <= 0) return nothing;
    const { usage, model } = message;
    const { prompt_tokens, completion_tokens, seconds } = taken;
    const known = usage ? `, of which it knew ${usage.cached_tokens},` : '';
    const details = `${model ?? 'The model'} read ${prompt_tokens} tokens${known} and wrote ${completion_tokens} in ${seconds.toFixed(1)} s`;
    return html`<span class="usage" title=${details}>${(completion_tokens / seconds).toFixed(0)} tokens/s</span>`;
  }

  #editor(message: Message) {
    return html`
      <form
        class="edit"
        @submit=${(event: Event) => {
          event.preventDefault();
          this.#resend(message);
        }}
        @keydown=${this.#key}
      >
        <textarea class="field" aria-label="Question" dir="auto" rows="3" .value=${message.text}></textarea>
        <div>
          <button type="button" class="button" @click=${() => (this.editing = false)}>Cancel</button>
          <button class="button primary">Send</button>
        </div>
      </form>
    `;
  }

  #edit(): void {
    this.editing = true;
    void this.updateComplete.then(() => {
      const { editor } = this;
      if (!editor) return;
      editor.style.height = `${editor.scrollHeight + 2}px`;
      editor.focus();
      editor.setSelectionRange(editor.value.length, editor.value.length);
    });
  }

  #key(event: KeyboardEvent): void {
    if (event.isComposing) return;
    if (event.key === 'Escape') {
      event.stopPropagation();
      this.editing = false;
    } else if (event.key === 'Enter' && !event.shiftKey && event.target === this.editor) {
      event.preventDefault();
      this.#resend(this.step.message);
    }
  }

  #resend(message: Message): void {
    const text = this.editor?.value.trim() ?? '';
    if (text === '') return;
    this.#try(
      this.app.open.ask(text, message.parent).then(() => {
        this.editing = false;
        this.#answering();
      }),
      'Not sent',
    );
  }

  #again(): void {
    this.#try(
      this.app.open.answerAgain(this.step.message).then(() => this.#answering()),
      'Not answered',
    );
  }

  #answering(): void {
    this.dispatchEvent(new CustomEvent('answering', { bubbles: true, composed: true }));
  }

  async #copy(): Promise<void> {
    this.copied = await copyText(this.step.message.text);
    if (!this.copied) this.app.notices.problem('Not copied: the browser does not allow it');
    setTimeout(() => (this.copied = false), 2_000);
  }

  #try(task: Promise<void>, what: string): void {
    void this.app.notices.attempt(() => task, what);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'sotto-message': MessageElement;
  }
}
