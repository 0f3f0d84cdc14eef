import { css, html, LitElement, nothing } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';

import type { App } from '../state/app';
import type { OpenConversation } from '../state/open-conversation';
import { Watch } from '../state/observable';
import { shared } from '../styles/shared';
import { conversationMenu } from './conversation-menu';
import { icons } from './icons';
import './menu';
import './rename';

/** What a conversation is called. */
export function title({ id, conversation }: OpenConversation): string {
  if (id === null) return 'New conversation';
  return conversation ? conversation.title || 'Untitled' : 'Conversation';
}

/** The conversation's title, which the page has as its heading, and what can be done. Fires `list` and `instructions`. */
@customElement('sotto-header')
export class HeaderElement extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: block;
      }
      header {
        display: flex;
        align-items: center;
        gap: 0.25rem;
        min-height: 3.5rem;
        padding: 0.5rem 0.75rem 0.5rem 1.5rem;
        padding-top: calc(0.5rem + env(safe-area-inset-top));
      }
      .title {
        flex: 1;
        overflow: hidden;
        font-size: 1rem;
        font-weight: 600;
        letter-spacing: -0.005em;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .list {
        display: none;
      }
      .own {
        color: var(--accent);
      }
      @media (max-width: 52rem) {
        header {
          padding-left: 0.75rem;
        }
        .list {
          display: inline-grid;
        }
      }
    `,
  ];

  @property({ attribute: false }) app!: App;
  @state() private renaming = false;

  constructor() {
    super();
    new Watch(this, () => [this.app.open]);
  }

  override render() {
    const { conversation, instructions } = this.app.open;
    const own = conversation ? conversation.system_prompt !== null : instructions !== null;
    return html`
      <header>
        <button class="icon-button list" aria-label="Conversations" @click=${() => this.#fire('list')}>${icons.panel}</button>
        ${
          this.renaming && conversation
            ? html`<sotto-rename
              .name=${conversation.title}
              @renamed=${({ detail }: CustomEvent<string | null>) => {
                this.renaming = false;
                if (detail) void this.app.rename(conversation.id, detail);
              }}
            ></sotto-rename>`
            : html`<span class="title" aria-hidden="true" @dblclick=${() => (this.renaming = true)}>
              ${title(this.app.open)}
            </span>`
        }
        <button
          class="icon-button ${own ? 'own' : ''}"
          aria-label=${own ? 'Instructions of this conversation (its own)' : 'Instructions of this conversation'}
          title="Instructions"
          @click=${() => this.#fire('instructions')}
        >
          ${icons.instructions}
        </button>
        ${
          conversation
            ? html`
              <button
                class="icon-button"
                aria-label="Favourite"
                title="Favourite"
                aria-pressed=${String(conversation.favourite)}
                @click=${() => void this.app.setFavourite(conversation)}
              >
                ${conversation.favourite ? icons.starred : icons.star}
              </button>
              <sotto-menu
                label="Actions for this conversation"
                .items=${conversationMenu(this.app, conversation, () => (this.renaming = true))}
              ></sotto-menu>
            `
            : nothing
        }
      </header>
    `;
  }

  #fire(name: 'list' | 'instructions'): void {
    this.dispatchEvent(new CustomEvent(name));
  }
}
