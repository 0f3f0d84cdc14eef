import { css, html, LitElement, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';

import { shared } from '../styles/shared';
import { icons } from './icons';

export interface MenuItem {
  label: string;
  icon: TemplateResult;
  run: () => void;
  danger?: boolean;
}

/** A button with three dots, and what can be done. */
@customElement('sotto-menu')
export class MenuElement extends LitElement {
  static override styles = [
    shared,
    css`
      [role='menu'] {
        position: fixed;
        inset: auto;
        margin: 0;
        min-width: 12rem;
        padding: 0.375rem;
        border: 1px solid var(--line);
        border-radius: 12px;
        background: var(--raised);
        color: var(--ink);
        box-shadow: var(--shadow);
      }
      [role='menuitem'] {
        display: flex;
        align-items: center;
        gap: 0.75rem;
        width: 100%;
        min-height: 2.25rem;
        padding: 0 0.75rem;
        border: 0;
        border-radius: 6px;
        background: none;
        text-align: left;
        font-size: 0.9375rem;
        cursor: pointer;
      }
      [role='menuitem']:is(:hover, :focus) {
        background: var(--hover);
      }
      [role='menuitem']:focus-visible {
        outline-offset: -2px;
      }
      .danger {
        color: var(--danger);
      }
      [role='menuitem'] svg {
        width: 1.125rem;
        height: 1.125rem;
      }
    `,
  ];

  /** What the menu is about. */
  @property() label = '';
  @property({ attribute: false }) items: MenuItem[] = [];
  @state() private shown = false;
  @query('button') private trigger!: HTMLButtonElement;
  @query('[role=menu]') private menu!: HTMLElement;

  override render() {
    return html`
      <button
        class="icon-button small"
        aria-label=${this.label}
        aria-haspopup="menu"
        aria-expanded=${this.shown ? 'true' : 'false'}
        @click=${this.#toggle}
      >
        ${icons.more}
      </button>
      <div role="menu" popover aria-label=${this.label} @toggle=${this.#toggled} @keydown=${this.#key}>
        ${this.items.map(
          (item) => html`
            <button role="menuitem" tabindex="-1" class=${item.danger ? 'danger' : ''} @click=${() => this.#choose(item)}>
              ${item.icon}${item.label}
            </button>
          `,
        )}
      </div>
    `;
  }

  #toggle(): void {
    this.menu.togglePopover();
  }

  #toggled(event: ToggleEvent): void {
    this.shown = event.newState === 'open';
    this.toggleAttribute('open', this.shown);
    if (!this.shown) return;
    const place = this.trigger.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = this.menu;
    const below = place.bottom + 4 + height < window.innerHeight;
    this.menu.style.top = `${below ? place.bottom + 4 : Math.max(8, place.top - 4 - height)}px`;
    this.menu.style.left = `${Math.max(8, Math.min(place.right - width, window.innerWidth - width - 8))}px`;
    this.#entries()[0]?.focus();
  }

  #key(event: KeyboardEvent): void {
    const entries = this.#entries();
    const at = entries.indexOf(this.renderRoot.querySelector<HTMLElement>('[role=menuitem]:focus')!);
    const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    if (next !== undefined) {
      event.preventDefault();
      entries.at(next % entries.length)?.focus();
    } else if (event.key === 'Escape' || event.key === 'Tab') {
      event.stopPropagation();
      event.preventDefault();
      this.menu.hidePopover();
      this.trigger.focus();
    }
  }

  #entries(): HTMLElement[] {
    return [...this.renderRoot.querySelectorAll<HTMLElement>('[role=menuitem]')];
  }

  #choose(item: MenuItem): void {
    this.menu.hidePopover();
    this.trigger.focus();
    item.run();
  }
}
