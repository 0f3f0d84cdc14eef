import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { query } from 'lit/decorators.js';

import { dialogStyles, shared } from '../styles/shared';
import { icons } from './icons';

/** A modal dialog with a form. */
export abstract class DialogElement extends LitElement {
  static override styles = [
    shared,
    dialogStyles,
    css`
      .field[type='number'] {
        max-width: 8rem;
      }
    `,
  ];

  @query('dialog') private dialog!: HTMLDialogElement;

  /** Opens it, once it shows what it is about. */
  async show(): Promise<void> {
    this.requestUpdate();
    await this.updateComplete;
    this.reveal();
  }

  protected reveal(): void {
    if (!this.dialog.open) this.dialog.showModal();
  }

  close(): void {
    this.dialog.close();
  }

  /** What happens when the form is sent; the dialog closes then. May fail, and then it stays. */
  protected abstract submit(form: FormData): Promise<void>;

  /** The frame around a form's `body` and the buttons at its end. */
  protected frame(title: string, body: unknown, buttons: TemplateResult, closable = true): TemplateResult {
    return html`
      <dialog
        aria-labelledby="title"
        @click=${(event: Event) => closable && event.target === this.dialog && this.close()}
        @cancel=${(event: Event) => closable || event.preventDefault()}
      >
        <form
          @submit=${(event: Event) => {
            event.preventDefault();
            void this.#send(event.target as HTMLFormElement);
          }}
        >
          <header>
            <h2 id="title">${title}</h2>
            ${
              closable
                ? html`<button type="button" class="icon-button" aria-label="Close" @click=${() => this.close()}>
                  ${icons.close}
                </button>`
                : nothing
            }
          </header>
          <div class="body">${body}</div>
          <footer>${buttons}</footer>
        </form>
      </dialog>
    `;
  }

  async #send(form: HTMLFormElement): Promise<void> {
    await this.submit(new FormData(form));
    this.close();
  }
}
