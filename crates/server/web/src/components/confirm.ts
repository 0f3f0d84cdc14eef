import { css, html } from 'lit';
import { customElement } from 'lit/decorators.js';

import { DialogElement } from './dialog';

export interface Question {
  title: string;
  text: string;
  /** What will be done. */
  verb: string;
  run: () => Promise<void>;
}

/** Asks before something that cannot be undone. */
@customElement('sotto-confirm')
export class ConfirmElement extends DialogElement {
  static override styles = [
    ...DialogElement.styles,
    css`
      dialog {
        width: min(28rem, calc(100vw - 2rem));
      }
    `,
  ];

  #question: Question = { title: '', text: '', verb: '', run: () => Promise.resolve() };

  ask(question: Question): void {
    this.#question = question;
    void this.show();
  }

  override render() {
    const { title, text, verb } = this.#question;
    return this.frame(
      title,
      html`<p>${text}</p>`,
      html`
        <button type="button" class="button" @click=${() => this.close()}>Cancel</button>
        <button class="button danger">${verb}</button>
      `,
    );
  }

  protected override submit(): Promise<void> {
    return this.#question.run();
  }
}
