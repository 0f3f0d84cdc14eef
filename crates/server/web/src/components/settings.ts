import { html, nothing } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';

import licences from 'virtual:licences';
import type { Settings, Status } from '../api/types';
import type { App } from '../state/app';
import { Watch } from '../state/observable';
import type { Choice } from '../state/theme';
import type { Question } from './confirm';
import { DialogElement } from './dialog';
import { icons } from './icons';
import { settingsStyles } from './settings-styles';

const THEMES: readonly [Choice, string][] = [
  ['system', 'As the system'],
  ['light', 'Light'],
  ['dark', 'Dark'],
];

const RETENTION = [7, 30, 90, 365];

/** Settings. Fires `confirm` with a question before what cannot be undone. */
@customElement('sotto-settings')
export class SettingsElement extends DialogElement {
  static override styles = [...DialogElement.styles, settingsStyles];

  @property({ attribute: false }) app!: App;
  @state() private problem: string | null = null;

  constructor() {
    super();
    new Watch(this, () => [this.app, this.app.connection, this.app.theme]);
  }

  override async show(): Promise<void> {
    this.problem = null;
    await this.app.notices.attempt(() => this.app.loadSettings(), 'Settings not read');
    if (this.app.settings) await super.show();
  }

  override render() {
    const { settings, connection } = this.app;
    return this.frame(
      'Settings',
      settings
        ? [
            this.#model(connection.status),
            this.#answers(settings),
            this.#voice(settings),
            this.#history(settings),
            this.#page(),
          ]
        : nothing,
      html`
        ${this.problem === null ? nothing : html`<p class="problem" role="alert">${this.problem}</p>`}
        <button type="button" class="button" @click=${() => this.close()}>Cancel</button>
        <button class="button primary">Save</button>
      `,
    );
  }

  #model(status: Status | null) {
    if (!status) return nothing;
    const { name, package: file, context, notices, state, step, error } = status.model;
    return html`
      <section aria-labelledby="model">
        <h3 id="model">Model</h3>
        <dl>
          <dt>Name</dt>
          <dd>${name}</dd>
          ${file ? html`<dt>Package</dt><dd>${file}</dd>` : nothing}
          <dt>State</dt>
          <dd>${state === 'loading' ? (step ?? 'loading') : state === 'failed' ? (error ?? 'failed') : 'ready'}</dd>
          ${context ? html`<dt>Context</dt><dd>${context.toLocaleString('en-GB')} tokens</dd>` : nothing}
          ${notices.map((notice) => html`<dt>Notice</dt><dd>${notice}</dd>`)}
        </dl>
      </section>
    `;
  }

  #answers(settings: Settings) {
    return html`
      <section aria-labelledby="answers">
        <h3 id="answers">Answers</h3>
        <label class="wide">
          Instructions
          <textarea class="field" name="system_prompt" rows="4" .value=${settings.system_prompt}></textarea>
        </label>
                <div class="row">
          ${this.#number('temperature', 'Temperature', settings.temperature, { min: 0, max: 5, step: 'any' })}
          ${this.#number('top_k', 'Top-k', settings.top_k, { min: 0, step: 1 })}
          ${this.#number('top_p', 'Top-p', settings.top_p, { min: 0, max: 1, step: 'any' })}
          ${this.#number('max_tokens', 'Longest answer', settings.max_tokens, { min: 1, step: 1 })}
        </div>
      </section>
    `;
  }

  #number(
    name: string,
    label: string,
    value: number | null,
    limits: { min: number; max?: number; step: number | 'any' },
  ) {
    return html`<label>
      ${label}
      <input
        class="field"
        type="number"
        name=${name}
        min=${limits.min}
        max=${limits.max ?? nothing}
        step=${limits.step}
        placeholder="default"
        .value=${value === null ? '' : String(value)}
      />
    </label>`;
  }

  #voice({ voice, speed }: Settings) {
    const status = this.app.connection.status?.voice;
    if (!status) return nothing;
    return html`
      <section aria-labelledby="voice">
        <h3 id="voice">Voice</h3>
        ${
          status.state === 'ready'
            ? html`<div class="row">
              <label>
                Voice
                <select class="field" name="voice">
                  <option value="" ?selected=${voice === null}>The first</option>
                  ${status.voices.map((name) => html`<option value=${name} ?selected=${voice === name}>${name}</option>`)}
                </select>
              </label>
              ${this.#number('speed', 'Speed', speed, { min: 0.5, max: 2, step: 0.05 })}
            </div>`
            : html`<p class="about">${status.state === 'loading' ? (status.step ?? 'The voice is being made ready.') : (status.reason ?? 'No voice is installed.')}</p>`
        }
      </section>
    `;
  }

  #history({ retention_days: kept }: Settings) {
    const choices = kept === null || RETENTION.includes(kept) ? RETENTION : [...RETENTION, kept].sort((a, b) => a - b);
    return html`
      <section aria-labelledby="history">
        <h3 id="history">Conversations</h3>
        <label class="wide">
          Keep them
          <select class="field" name="retention_days">
            <option value="" ?selected=${kept === null}>until I delete them</option>
            ${choices.map((days) => html`<option value=${days} ?selected=${kept === days}>for ${days} days without use</option>`)}
          </select>
        </label>
        <p class="about">Favourites are always kept.</p>
        <div class="row buttons">
          <button type="button" class="button" @click=${() => void this.app.export('json')}>${icons.download}Export all</button>
          <button type="button" class="button" @click=${() => this.renderRoot.querySelector<HTMLInputElement>('#file')?.click()}>
            ${icons.upload}Import
          </button>
          <input id="file" type="file" accept=".json,application/json" hidden @change=${this.#import} />
          <button type="button" class="button danger" @click=${this.#deleteAll}>${icons.trash}Delete all</button>
        </div>
      </section>
    `;
  }

  #page() {
    const { theme, connection } = this.app;
    return html`
      <section aria-labelledby="page">
        <h3 id="page">Page</h3>
        <fieldset>
          <legend>Colours</legend>
          ${THEMES.map(
            ([choice, label]) => html`<label>
              <input
                type="radio"
                name="theme"
                value=${choice}
                .checked=${theme.choice === choice}
                @change=${() => theme.choose(choice)}
              />${label}
            </label>`,
          )}
        </fieldset>
        <dl class="keys">
          <dt><kbd>Enter</kbd></dt><dd>send</dd>
          <dt><kbd>Esc</kbd></dt><dd>stop the answer</dd>
          <dt><kbd>Ctrl K</kbd></dt><dd>search</dd>
          <dt><kbd>Ctrl ⇧ O</kbd></dt><dd>new conversation</dd>
          <dt><kbd>↑</kbd> <kbd>↓</kbd></dt><dd>move in the list</dd>
          <dt><kbd>F2</kbd> <kbd>Del</kbd></dt><dd>rename, delete in the list</dd>
        </dl>
        <p class="about">
          sottovoce ${connection.status?.version ?? ''} ·
          <a href=${licences} target="_blank" rel="noopener">licences of what this page is built from</a>
        </p>
      </section>
    `;
  }

  protected override async submit(form: FormData): Promise<void> {
    const settings = this.app.settings;
    if (!settings) return;
    const number = (name: string) => {
      const text = String(form.get(name) ?? '').trim();
      return text === '' ? null : Number(text);
    };
    this.problem = null;
    try {
      await this.app.saveSettings({
        system_prompt: String(form.get('system_prompt')).trim(),
        temperature: number('temperature'),
        top_k: number('top_k'),
        top_p: number('top_p'),
        max_tokens: number('max_tokens'),
        retention_days: number('retention_days'),
        voice: form.has('voice') ? String(form.get('voice')) || null : settings.voice,
        speed: number('speed') ?? settings.speed,
      });
    } catch (error) {
      this.problem = error instanceof Error ? error.message : String(error);
      throw error;
    }
  }

  #import(event: Event): void {
    const input = event.target as HTMLInputElement;
    const file = input.files?.[0];
    input.value = '';
    if (!file) return;
    this.close();
    void this.app.import(file);
  }

  #deleteAll(): void {
    const question: Question = {
      title: 'Delete all conversations?',
      text: 'All of them, favourites too, are removed for good. Export them first if you may want them again.',
      verb: 'Delete all',
      run: () => this.app.notices.attempt(() => this.app.removeAll(), 'Not deleted'),
    };
    this.close();
    this.dispatchEvent(new CustomEvent<Question>('confirm', { detail: question }));
  }
}
