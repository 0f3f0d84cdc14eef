import { css, html, LitElement, nothing } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';

import type { Id, Listed } from '../api/types';
import type { App } from '../state/app';
import { byDay } from '../state/days';
import { Watch } from '../state/observable';
import { shared } from '../styles/shared';
import { conversationMenu } from './conversation-menu';
import { icons } from './icons';
import './menu';
import './rename';

/** The conversations, by day; arrow keys move among them. */
@customElement('sotto-conversation-list')
export class ConversationListElement extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: block;
      }
      h3 {
        padding: 1.25rem 0.75rem 0.375rem;
        color: var(--ink-faint);
        font-size: 0.8125rem;
        font-weight: 500;
      }
      section:first-child h3 {
        padding-top: 0.5rem;
      }
      li {
        position: relative;
        display: flex;
        align-items: center;
        border-radius: var(--radius);
        transition: background var(--quick);
      }
      li:hover,
      li:has(sotto-menu[open]) {
        background: var(--hover);
      }
      li:has([aria-current]) {
        background: var(--accent-soft);
      }
      a {
        display: block;
        flex: 1;
        min-width: 0;
        padding: 0.4375rem 0.75rem;
        border-radius: var(--radius);
        color: inherit;
        font-size: 0.9375rem;
        text-decoration: none;
      }
      a:focus-visible {
        outline-offset: -2px;
      }
      .title {
        display: flex;
        align-items: center;
        gap: 0.375rem;
      }
      .title > span {
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .title svg {
        width: 0.8125rem;
        height: 0.8125rem;
        color: var(--accent);
      }
      .excerpt {
        display: -webkit-box;
        margin-top: 0.125rem;
        overflow: hidden;
        color: var(--ink-soft);
        font-size: 0.8125rem;
        line-height: 1.4;
        overflow-wrap: anywhere;
        -webkit-box-orient: vertical;
        -webkit-line-clamp: 2;
      }
      mark {
        border-radius: 2px;
        background: var(--mark);
        color: inherit;
      }
      sotto-menu {
        position: absolute;
        right: 0.25rem;
        top: 0.125rem;
        opacity: 0;
        border-radius: var(--radius);
        background: inherit;
      }
      li:is(:hover, :focus-within) sotto-menu,
      sotto-menu[open] {
        opacity: 1;
      }
      li:is(:hover, :focus-within) a {
        padding-right: 2.5rem;
      }
      @media (hover: none) {
        sotto-menu {
          opacity: 1;
        }
        a {
          padding-right: 2.5rem;
        }
      }
      .empty {
        padding: 1rem 0.75rem;
        color: var(--ink-faint);
        font-size: 0.9375rem;
      }
      .more {
        width: 100%;
        margin-top: 0.5rem;
        border-color: transparent;
        background: none;
        font-size: 0.875rem;
      }
    `,
  ];

  @property({ attribute: false }) app!: App;
  /** The one that is looked at. */
  @property({ attribute: false }) current: Id | null = null;
  @state() private renaming: Id | null = null;

  constructor() {
    super();
    new Watch(this, () => [this.app.conversations]);
  }

  override render() {
    const { items, more, state, search, favourites } = this.app.conversations;
    if (items.length === 0 && state !== 'loading') {
      return html`<p class="empty">
        ${
          state === 'failed'
            ? 'The conversations cannot be shown now.'
            : search
              ? 'Nothing found.'
              : favourites
                ? 'No favourites yet. Mark a conversation or a message with the star.'
                : 'Conversations will appear here.'
        }
      </p>`;
    }
    return html`
      <div @keydown=${this.#key}>
        ${repeat(
          byDay(items, new Date()),
          ({ label }) => label,
          ({ label, items }) => html`
            <section aria-label=${label}>
              <h3>${label}</h3>
              <ul>
                ${repeat(
                  items,
                  ({ id }) => id,
                  (item) => this.#row(item),
                )}
              </ul>
            </section>
          `,
        )}
      </div>
      ${
        more
          ? html`<button class="button more" @click=${() => void this.app.conversations.loadMore()}>Show more</button>`
          : nothing
      }
    `;
  }

  /** Moves the focus to the first conversation. */
  override focus(): void {
    this.renderRoot.querySelector<HTMLElement>('a')?.focus();
  }

  #row(item: Listed) {
    const { id, title, favourite, excerpt } = item;
    if (this.renaming === id) {
      return html`<li>
        <sotto-rename
          .name=${title}
          @renamed=${({ detail }: CustomEvent<string | null>) => this.#renamed(id, detail)}
        ></sotto-rename>
      </li>`;
    }
    const name = title || 'Untitled';
    return html`<li>
      <a
        href=${excerpt ? `#/${id}/${excerpt.message}` : `#/${id}`}
        data-id=${id}
        aria-current=${this.current === id ? 'page' : nothing}
      >
        <span class="title">
          <span>${name}</span>
          ${favourite ? html`${icons.starred}<span class="hidden-text">(favourite)</span>` : nothing}
        </span>
        ${
          excerpt
            ? html`<span class="excerpt">${excerpt.before}<mark>${excerpt.word}</mark>${excerpt.after}</span>`
            : nothing
        }
      </a>
      <sotto-menu
        .label=${`Actions for ${name}`}
        .items=${conversationMenu(this.app, item, () => (this.renaming = id))}
      ></sotto-menu>
    </li>`;
  }

  #renamed(id: Id, title: string | null): void {
    this.renaming = null;
    if (title) void this.app.rename(id, title);
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>(`a[data-id='${id}']`)?.focus());
  }

  #key(event: KeyboardEvent): void {
    const links = [...this.renderRoot.querySelectorAll('a')];
    const at = links.indexOf(event.target as HTMLAnchorElement);
    if (at < 0) return;
    const item = this.app.conversations.items.find(({ id }) => id === links[at]?.dataset.id);
    const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: links.length - 1 }[event.key];
    if (next !== undefined) links[Math.max(0, Math.min(next, links.length - 1))]?.focus();
    else if (event.key === 'F2' && item) this.renaming = item.id;
    else if (event.key === 'Delete' && item) {
      (links[at + 1] ?? links[at - 1])?.focus();
      void this.app.remove(item);
    } else return;
    event.preventDefault();
  }
}
