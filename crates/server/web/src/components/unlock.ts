import { css, html, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';

import type { App } from '../state/app';
import { Watch } from '../state/observable';
import { DialogElement } from './dialog';

/** Asks for the server's token, where it wants one. */
@customElement('sotto-unlock')
export class UnlockElement extends DialogElement {
  static override styles = [
    ...DialogElement.styles,
    css`
      dialog {
        width: min(28rem, calc(100vw - 2rem));
      }
      label {
        display: grid;
        gap: 0.375rem;
        margin-top: 1rem;
        font-weight: 500;
      }
      .problem {
        margin-top: 0.75rem;
        color: var(--danger);
      }
    `,
  ];

  @property({ attribute: false }) app!: App;

  constructor() {
    super();
    new Watch(this, () => [this.app.connection]);
  }

  override render() {
    const { tokenWasRefused, state } = this.app.connection;
    return this.frame(
      'This server wants its token',
      state !== 'locked'
        ? nothing
        : html`
        <p>It was set with <code>--token</code> when the server was started. This browser will remember it.</p>
        <label>Token<input class="field" name="token" type="password" autocomplete="current-password" required /></label>
        ${tokenWasRefused ? html`<p class="problem" role="alert">The token that was sent is not the server’s.</p>` : nothing}
      `,
      html`<button class="button primary">Open</button>`,
      false,
    );
  }

  protected override updated(): void {
    const { state } = this.app.connection;
    if (state === 'locked') this.reveal();
    if (state === 'online') this.close();
  }

  protected override submit(form: FormData): Promise<void> {
    this.app.connection.unlock(String(form.get('token')).trim());
    return Promise.resolve();
  }
}
