import { css, html, LitElement } from 'lit';
import { customElement, property, query } from 'lit/decorators.js';

import { shared } from '../styles/shared';

/** A field in a title's place. Fires `renamed` with the new title, or with null. */
@customElement('sotto-rename')
export class RenameElement extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: block;
        flex: 1;
        min-width: 0;
      }
      .field {
        min-height: 2.25rem;
        padding: 0.25rem 0.5rem;
      }
    `,
  ];

  @property() name = '';
  @query('input') private input!: HTMLInputElement;
  #ended = false;

  override render() {
    return html`<input
      class="field"
      aria-label="Title"
      maxlength="200"
      .value=${this.name}
      @keydown=${this.#key}
      @blur=${() => this.#end(true)}
    />`;
  }

  protected override firstUpdated(): void {
    this.input.focus();
    this.input.select();
  }

  #key(event: KeyboardEvent): void {
    if (event.isComposing || (event.key !== 'Enter' && event.key !== 'Escape')) return;
    event.preventDefault();
    event.stopPropagation();
    this.#end(event.key === 'Enter');
  }

  #end(keep: boolean): void {
    if (this.#ended) return;
    this.#ended = true;
    const name = this.input.value.trim();
    const detail = keep && name && name !== this.name ? name : null;
    this.dispatchEvent(new CustomEvent<string | null>('renamed', { detail }));
  }
}
