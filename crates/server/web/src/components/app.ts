import { css, html, LitElement, nothing } from 'lit';
import { customElement, query, state } from 'lit/decorators.js';

import { App } from '../state/app';
import { Watch } from '../state/observable';
import { shared } from '../styles/shared';
import './composer';
import type { ComposerElement } from './composer';
import './confirm';
import type { ConfirmElement, Question } from './confirm';
import './header';
import { title } from './header';
import './instructions';
import type { InstructionsElement } from './instructions';
import './settings';
import type { SettingsElement } from './settings';
import './sidebar';
import type { SidebarElement } from './sidebar';
import './thread';
import type { ThreadElement } from './thread';
import './toasts';
import './unlock';
import './voice';
import type { VoiceElement } from './voice';

/** The whole page: the list beside the conversation, or over it where there is no room. */
@customElement('sotto-app')
export class AppElement extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        grid-template: minmax(0, 1fr) / 18.5rem minmax(0, 1fr);
        position: fixed;
        inset: 0;
        overflow: hidden;
      }
      main {
        display: grid;
        min-height: 0;
        background: var(--surface);
      }
      .stage {
        display: flex;
        flex-direction: column;
        min-width: 0;
        min-height: 0;
      }
      sotto-thread {
        flex: 1;
      }
      sotto-composer {
        padding: 0 1rem calc(0.75rem + env(safe-area-inset-bottom));
      }
      .banner {
        display: flex;
        align-items: center;
        justify-content: center;
        gap: 0.5rem;
        padding: 0.375rem 1rem;
        background: var(--note-soft);
        color: var(--note);
        font-size: 0.9375rem;
      }
      .banner button {
        min-height: 2rem;
        padding: 0 0.5rem;
        border: 0;
        border-radius: 6px;
        background: none;
        font-weight: 600;
        text-decoration: underline;
        text-underline-offset: 0.2em;
        cursor: pointer;
      }
      .scrim {
        display: none;
      }
      @media (max-width: 52rem) {
        :host {
          grid-template-columns: minmax(0, 1fr);
        }
        sotto-sidebar {
          position: absolute;
          z-index: 2;
          inset: 0 auto 0 0;
          width: min(20rem, 86vw);
          visibility: hidden;
          transform: translateX(-100%);
          transition: transform var(--calm), visibility var(--calm);
        }
        sotto-sidebar.shown {
          visibility: visible;
          transform: none;
          box-shadow: var(--shadow);
        }
        .scrim {
          position: fixed;
          z-index: 1;
          inset: 0;
          display: block;
          background: rgb(10 20 17 / 0.4);
          opacity: 0;
          pointer-events: none;
          transition: opacity var(--calm);
        }
        .shown + .scrim {
          opacity: 1;
          pointer-events: auto;
        }
      }
    `,
  ];

  readonly #app = new App();
  readonly #narrow = matchMedia('(max-width: 52rem)');
  @state() private drawer = false;
  @query('sotto-sidebar') private sidebar!: SidebarElement;
  @query('sotto-thread') private thread!: ThreadElement;
  @query('sotto-composer') private composer!: ComposerElement;
  @query('sotto-settings') private settings!: SettingsElement;
  @query('sotto-instructions') private instructions!: InstructionsElement;
  @query('sotto-voice') private voice!: VoiceElement;
  @query('sotto-confirm') private confirm!: ConfirmElement;

  constructor() {
    super();
    new Watch(this, () => [this.#app.connection, this.#app.open]);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#app.start();
    this.#narrow.addEventListener('change', () => this.requestUpdate());
    document.addEventListener('keydown', (event) => this.#key(event));
    window.addEventListener('hashchange', () => !this.drawer && this.#focusComposer());
  }

  override render() {
    const app = this.#app;
    const covered = this.#narrow.matches && this.drawer;
    return html`
      <sotto-sidebar
        class=${this.drawer ? 'shown' : ''}
        .app=${app}
        ?inert=${this.#narrow.matches && !this.drawer}
        @skip=${() => this.composer.focus()}
        @close=${this.#closeDrawer}
        @settings=${() => void this.settings.show()}
      ></sotto-sidebar>
      <div class="scrim" @click=${this.#closeDrawer}></div>
      <main>
        <h1 class="hidden-text">${title(app.open)}</h1>
        <div class="stage" ?inert=${covered}>
        <sotto-header .app=${app} @list=${this.#openDrawer} @instructions=${() => void this.instructions.show()}></sotto-header>
        ${
          app.connection.state === 'offline'
            ? html`<div class="banner" role="alert">
              sottovoce cannot be reached. Trying again.
              <button @click=${() => app.connection.retry()}>Try now</button>
            </div>`
            : nothing
        }
        ${
          app.connection.state === 'online' && app.connection.status?.model.state === 'failed'
            ? html`<div class="banner" role="alert">The model cannot be used: ${app.connection.status.model.error ?? 'it failed'}.</div>`
            : nothing
        }
        <sotto-thread
          .app=${app}
          @answering=${this.#answering}
          @suggested=${({ detail }: CustomEvent<string>) => this.composer.suggest(detail)}
        ></sotto-thread>
        <sotto-composer .app=${app} @sent=${this.#answering} @talk=${() => this.voice.show()}></sotto-composer>
        </div>
      </main>
      <sotto-toasts .app=${app}></sotto-toasts>
      <sotto-settings .app=${app} @confirm=${({ detail }: CustomEvent<Question>) => this.confirm.ask(detail)}></sotto-settings>
      <sotto-instructions .app=${app}></sotto-instructions>
      <sotto-voice .app=${app}></sotto-voice>
      <sotto-confirm></sotto-confirm>
      <sotto-unlock .app=${app}></sotto-unlock>
    `;
  }

  protected override firstUpdated(): void {
    this.#focusComposer();
  }

  #key(event: KeyboardEvent): void {
    if (event.composedPath().some((element) => element instanceof HTMLDialogElement)) return;
    const command = event.ctrlKey || event.metaKey;
    const key = event.key.toLowerCase();
    if (command && key === 'k') {
      this.#openDrawer();
      void this.updateComplete.then(() => this.sidebar.focusSearch());
    } else if (command && event.shiftKey && key === 'o') {
      this.#app.startNew();
      this.#closeDrawer();
      this.composer.focus();
    } else if (key === 'escape' && this.drawer && this.#narrow.matches) this.#closeDrawer();
    else if (key === 'escape' && this.#app.open.streaming) this.composer.stop();
    else return;
    event.preventDefault();
  }

  /** What is asked next is written below. */
  #answering(): void {
    this.thread.toEnd();
    this.#focusComposer();
  }

  #openDrawer(): void {
    this.drawer = this.#narrow.matches;
  }

  #closeDrawer(): void {
    this.drawer = false;
  }

  /** Where there is no room, a keyboard would cover what is to be read. */
  #focusComposer(): void {
    if (!this.#narrow.matches) void this.composer.updateComplete.then(() => this.composer.focus());
  }
}
