import { css, html, LitElement } from 'lit';
import { customElement, property, query } from 'lit/decorators.js';

import type { App } from '../state/app';
import { Watch } from '../state/observable';
import type { Choice } from '../state/theme';
import { shared } from '../styles/shared';
import './conversation-list';
import type { ConversationListElement } from './conversation-list';
import { icons } from './icons';
import './model-status';

/** Milliseconds after the last key before a search begins. */
const TYPING = 150;

const THEMES = { system: ['light', icons.system], light: ['dark', icons.sun], dark: ['system', icons.moon] } as const;

/** Conversations, their search, and what concerns all of them. Fires `settings`, `skip` (to the message field) and `close`. */
@customElement('sotto-sidebar')
export class SidebarElement extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: flex;
        flex-direction: column;
        min-height: 0;
        background: var(--paper);
        border-right: 1px solid var(--line);
      }
      .top {
        display: grid;
        gap: 0.75rem;
        padding: 0.875rem 0.75rem 0.75rem;
      }
      .brand {
        display: flex;
        align-items: center;
        justify-content: space-between;
        min-height: 2.25rem;
      }
      .brand a {
        padding: 0 0.75rem;
        border-radius: var(--radius);
        color: var(--accent);
        font: italic 400 1.625rem/1.3 var(--voice);
        letter-spacing: -0.005em;
        text-decoration: none;
      }
      .close {
        display: none;
      }
      .new {
        justify-content: flex-start;
        padding: 0 0.625rem;
        gap: 0.625rem;
      }
      .new kbd {
        margin-left: auto;
      }
      .search {
        position: relative;
      }
      .search svg {
        position: absolute;
        left: 0.6875rem;
        top: 0.6875rem;
        width: 1.125rem;
        height: 1.125rem;
        color: var(--ink-faint);
        pointer-events: none;
      }
      .search .field {
        padding-left: 2.25rem;
        padding-right: 3.75rem;
        border-color: var(--line);
        font-size: 0.9375rem;
      }
      input::-webkit-search-cancel-button {
        display: none;
      }
      kbd {
        color: var(--ink-faint);
        font: 500 0.75rem var(--sans);
      }
      .search kbd {
        position: absolute;
        right: 0.75rem;
        top: 0.75rem;
        pointer-events: none;
      }
      .filter {
        display: flex;
        gap: 0.25rem;
      }
      .filter button {
        min-height: 1.875rem;
        padding: 0 0.75rem;
        border: 0;
        border-radius: 999px;
        background: none;
        color: var(--ink-soft);
        font-size: 0.875rem;
        cursor: pointer;
      }
      .filter button:hover {
        background: var(--hover);
      }
      .filter [aria-pressed='true'] {
        background: var(--accent-soft);
        color: var(--accent);
        font-weight: 500;
      }
      .skip {
        position: fixed;
        z-index: 4;
        top: 0.5rem;
        left: 0.5rem;
        padding: 0.5rem 1rem;
        border: 0;
        border-radius: var(--radius);
        background: var(--accent);
        color: var(--accent-ink);
        transform: translateY(-200%);
      }
      .skip:focus {
        transform: none;
      }
      nav {
        display: flex;
        flex-direction: column;
        height: 100%;
      }
      .list {
        position: relative;
        flex: 1;
        min-height: 0;
        padding: 0 0.75rem 1rem;
        overflow-y: auto;
        scrollbar-width: thin;
        scrollbar-color: var(--line-strong) transparent;
      }
      .foot {
        display: flex;
        align-items: flex-start;
        gap: 0.125rem;
        padding: 0.75rem 0.75rem calc(0.75rem + env(safe-area-inset-bottom)) 1.5rem;
        border-top: 1px solid var(--line);
      }
      sotto-model-status {
        flex: 1;
        padding-top: 0.4375rem;
      }
      @media (max-width: 52rem) {
        .close {
          display: inline-grid;
        }
        kbd {
          display: none;
        }
        .search .field {
          padding-right: 0.75rem;
        }
      }
    `,
  ];

  @property({ attribute: false }) app!: App;
  @query('input') private input!: HTMLInputElement;
  @query('sotto-conversation-list') private list!: ConversationListElement;
  #typing: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super();
    new Watch(this, () => [this.app.conversations, this.app.open, this.app.theme]);
  }

  override render() {
    const { favourites } = this.app.conversations;
    const theme = this.app.theme.choice;
    const [next, icon] = THEMES[theme];
    const mac = navigator.platform.startsWith('Mac');
    return html`<nav aria-label="Conversations">
      <button class="skip" @click=${() => this.#fire('skip')}>To the message field</button>
      <div class="top">
        <div class="brand">
          <a href="#" aria-label="sottovoce, a new conversation">sottovoce</a>
          <button class="icon-button close" aria-label="Close the list" @click=${() => this.#fire('close')}>
            ${icons.close}
          </button>
        </div>
        <button class="button new" @click=${this.#startNew}>
          ${icons.plus}New conversation<kbd aria-hidden="true">${mac ? '⇧⌘O' : 'Ctrl ⇧ O'}</kbd>
        </button>
        <div class="search" role="search">
          ${icons.search}
          <input
            class="field"
            type="search"
            aria-label="Search conversations"
            placeholder="Search"
            autocomplete="off"
            @input=${this.#typed}
            @keydown=${this.#key}
          />
          <kbd aria-hidden="true">${mac ? '⌘K' : 'Ctrl K'}</kbd>
        </div>
        <div class="filter" role="group" aria-label="Show">
          <button aria-pressed=${String(!favourites)} @click=${() => this.#filter(false)}>All</button>
          <button aria-pressed=${String(favourites)} @click=${() => this.#filter(true)}>Favourites</button>
        </div>
      </div>
      <div class="list">
        <sotto-conversation-list .app=${this.app} .current=${this.app.open.id} @click=${this.#chosen}></sotto-conversation-list>
      </div>
      <div class="foot">
        <sotto-model-status .app=${this.app}></sotto-model-status>
        <button
          class="icon-button"
          aria-label=${`Colours: ${theme}. Change to ${next}`}
          title=${`Colours: ${theme}`}
          @click=${() => this.app.theme.choose(next satisfies Choice)}
        >
          ${icon}
        </button>
        <button class="icon-button" aria-label="Settings" title="Settings" @click=${() => this.#fire('settings')}>
          ${icons.settings}
        </button>
      </div>
    </nav>`;
  }

  focusSearch(): void {
    this.input.focus();
    this.input.select();
  }

  #startNew(): void {
    this.app.startNew();
    this.#fire('close');
  }

  #filter(favourites: boolean): void {
    void this.app.conversations.find(this.input.value, favourites);
  }

  #typed(): void {
    clearTimeout(this.#typing);
    this.#typing = setTimeout(() => this.#filter(this.app.conversations.favourites), TYPING);
  }

  #key(event: KeyboardEvent): void {
    if (event.key === 'ArrowDown') this.list.focus();
    else if (event.key === 'Escape' && this.input.value) {
      this.input.value = '';
      this.#typed();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #chosen(event: Event): void {
    if (event.composedPath().some((element) => element instanceof HTMLAnchorElement)) this.#fire('close');
  }

  #fire(name: 'settings' | 'skip' | 'close'): void {
    this.dispatchEvent(new CustomEvent(name));
  }
}
