import { css, html } from 'lit';
import { customElement, property } from 'lit/decorators.js';

import type { App } from '../state/app';
import { DialogElement } from './dialog';

/** What the model is told at the beginning of this conversation. */
@customElement('sotto-instructions')
export class InstructionsElement extends DialogElement {
  static override styles = [
    ...DialogElement.styles,
    css`
      p {
        margin-bottom: 0.75rem;
        color: var(--ink-soft);
      }
    `,
  ];

  @property({ attribute: false }) app!: App;

  override render() {
    const { settings } = this.app;
    return this.frame(
      'Instructions of this conversation',
      html`
        <p id="about">What the model is told before the first message. Empty, those of the settings are used.</p>
        <textarea
          class="field"
          name="instructions"
          rows="8"
          aria-labelledby="title"
          aria-describedby="about"
          placeholder=${settings?.system_prompt ?? ''}
          .value=${this.#current}
        ></textarea>
      `,
      html`
        <button type="button" class="button" @click=${() => this.close()}>Cancel</button>
        <button class="button primary">Save</button>
      `,
    );
  }

  get #current(): string {
    const { conversation, instructions } = this.app.open;
    return (conversation ? conversation.system_prompt : instructions) ?? '';
  }

  protected override async submit(form: FormData): Promise<void> {
    const text = String(form.get('instructions')).trim();
    await this.app.instruct(text === '' ? null : text);
  }
}
