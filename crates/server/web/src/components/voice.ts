import { html, LitElement, nothing, type PropertyValues } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';

import type { App } from '../state/app';
import type { Line } from '../state/dialogue';
import { Watch } from '../state/observable';
import { recall, remember } from '../state/storage';
import { shared } from '../styles/shared';
import { icons } from './icons';
import './orb';
import { voiceStyles } from './voice-styles';

const WORDS = { listening: 'Listening', thinking: 'Thinking', speaking: 'Speaking' };

/** A spoken conversation, over the whole page. */
@customElement('sotto-voice')
export class VoiceElement extends LitElement {
  static override styles = [shared, voiceStyles];

  @property({ attribute: false }) app!: App;
  @state() private hasCaptions = recall('captions') !== 'off';
  @state() private showsManner = false;
  @query('dialog') private dialog!: HTMLDialogElement;
  @query('.main') private main!: HTMLElement | null;
  @query('.lines') private log!: HTMLElement | null;

  #lastMain: HTMLElement | null = null;

  constructor() {
    super();
    new Watch(this, () => [this.app, this.app.talk, this.app.connection]);
  }

  /** Opens it and begins to listen. */
  show(): void {
    this.showsManner = false;
    this.dialog.showModal();
    void this.app.talk.start();
    void this.updateComplete.then(() => this.main?.focus());
  }

  override render() {
    const { talk } = this.app;
    return html`
      <dialog aria-labelledby="title" @close=${() => void talk.end()}>
        <header>
          <h2 id="title">Voice</h2>
          <button
            class="icon-button"
            aria-label="Captions"
            title="Captions"
            aria-pressed=${String(this.hasCaptions)}
            @click=${this.#toggleCaptions}
          >
            ${icons.captions}
          </button>
          <button
            class="icon-button"
            aria-label="Voice and speed"
            title="Voice and speed"
            aria-expanded=${String(this.showsManner)}
            @click=${() => (this.showsManner = !this.showsManner)}
          >
            ${icons.settings}
          </button>
          <button class="icon-button" aria-label="End the conversation" title="End (Esc)" @click=${() => this.dialog.close()}>
            ${icons.close}
          </button>
        </header>
        ${talk.state === 'closed' ? nothing : [this.#stage(), this.#controls()]}
      </dialog>
    `;
  }

  #stage() {
    const { talk } = this.app;
    const { isAnswering, isSpeaking, lines } = talk.dialogue;
    return html`<div class="stage">
      ${this.showsManner ? this.#manner() : nothing}
      <button
        class="orb"
        aria-label="Interrupt"
        title=${isSpeaking ? 'Interrupt' : nothing}
        ?disabled=${!isAnswering && !isSpeaking}
        @click=${() => void talk.interrupt()}
      >
        <sotto-orb .phase=${this.#isIdle ? 'idle' : talk.phase} .level=${() => talk.level}></sotto-orb>
      </button>
      <p class="phase" role="status">${this.#word}</p>
      ${[talk.refusal, talk.problem].map((problem) =>
        problem === null ? nothing : html`<p class="problem" role="alert">${problem}</p>`,
      )}
      ${
        this.hasCaptions
          ? html`<div class="lines" role="log" aria-label="What is said" tabindex="0">
            ${repeat(lines, ({ id }) => id, caption)}
          </div>`
          : nothing
      }
    </div>`;
  }

  /** Whether nobody can have the word. */
  get #isIdle(): boolean {
    const { state, microphone, phase } = this.app.talk;
    return state !== 'open' || (phase === 'listening' && microphone !== 'open');
  }

  get #word(): string {
    const { state, microphone, phase } = this.app.talk;
    if (state === 'opening') return 'Connecting';
    if (state === 'lost') return 'Ended';
    if (phase !== 'listening' || microphone === 'open') return WORDS[phase];
    return { asking: 'May this page listen?', muted: 'Muted', none: 'Write instead' }[microphone];
  }

  #manner() {
    const { settings, connection, talk } = this.app;
    if (!settings) return nothing;
    const { voice, speed } = settings;
    return html`<div class="manner">
      <label>
        Voice
        <select
          class="field"
          @change=${({ target }: Event) => void talk.setManner((target as HTMLSelectElement).value || null, speed)}
        >
          <option value="" ?selected=${voice === null}>The first</option>
          ${connection.status?.voice.voices.map(
            (name) => html`<option value=${name} ?selected=${name === voice}>${name}</option>`,
          )}
        </select>
      </label>
      <label>
        Speed
        <input
          type="range"
          min="0.5"
          max="2"
          step="0.05"
          .value=${String(speed)}
          aria-valuetext="${speed} times"
          @change=${({ target }: Event) => void talk.setManner(voice, (target as HTMLInputElement).valueAsNumber)}
        />
      </label>
    </div>`;
  }

  #controls() {
    const { talk } = this.app;
    if (talk.state === 'lost') {
      return html`<footer><button class="main button primary" @click=${() => void talk.start()}>Talk again</button></footer>`;
    }
    if (talk.microphone === 'none') {
      return html`<footer>
        <form class="write" @submit=${this.#write}>
          <input class="main field" name="text" aria-label="Message" placeholder="Write, and hear the answer" autocomplete="off" />
          <button class="button primary">Send</button>
        </form>
        <button class="button" @click=${() => void talk.listen()}>Try the microphone again</button>
      </footer>`;
    }
    const isMuted = talk.microphone === 'muted';
    return html`<footer>
      <button
        class="main microphone"
        aria-label="Mute the microphone"
        title=${isMuted ? 'Listen again' : 'Mute'}
        aria-pressed=${String(isMuted)}
        aria-disabled=${talk.microphone === 'asking' ? 'true' : nothing}
        @click=${() => talk.toggleMicrophone()}
      >
        ${isMuted ? icons.muted : icons.microphone}
      </button>
      <p class="hint">Speak, or tap the circle, to interrupt</p>
    </footer>`;
  }

  protected override updated(_: PropertyValues): void {
    // Where another control has taken the place of the one that had the focus, it goes there.
    const { main } = this;
    if (main !== this.#lastMain && this.#lastMain && !this.#lastMain.isConnected) main?.focus();
    this.#lastMain = main;
    // What is said last is what is read.
    if (this.log) this.log.scrollTop = this.log.scrollHeight;
  }

  #toggleCaptions(): void {
    this.hasCaptions = !this.hasCaptions;
    remember('captions', this.hasCaptions ? null : 'off');
  }

  #write(event: SubmitEvent): void {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const text = String(new FormData(form).get('text')).trim();
    if (text === '') return;
    form.reset();
    this.app.talk.write(text);
  }
}

function caption({ who, text, state }: Line) {
  return html`<p class=${who} data-state=${state}>
    <span class="hidden-text">${who === 'person' ? 'You' : 'Assistant'}: </span>${text || '…'}
  </p>`;
}
