import { CANCEL, type Place, Realtime, type Told } from '../api/realtime';
import { Microphone, refusal } from '../sound/microphone';
import { fromBase64, toBase64 } from '../sound/pcm';
import { Speaker } from '../sound/speaker';
import type { App } from './app';
import { after, type Dialogue, type Happening, phase, type Phase, SILENCE } from './dialogue';
import { Observable } from './observable';

/** How long the server may take to keep what was said last, when somebody leaves. */
const FAREWELL = 2_000;

/** How loud the assistant is while somebody speaks over it. Silent, it keeps what it has to say. */
const VOLUMES = { full: 1, quiet: 0.25, silent: 0 };

/** What a conversation needs while it lasts. */
interface Call {
  context: AudioContext;
  server: Realtime;
  speaker: Speaker;
  microphone: Microphone | null;
}

/** A spoken conversation: what is heard goes to the server, which keeps it, and what it says is played. */
export class Talk extends Observable {
  state: 'closed' | 'opening' | 'open' | 'lost' = 'closed';
  microphone: 'asking' | 'open' | 'muted' | 'none' = 'asking';
  /** Why there is no microphone. */
  refusal: string | null = null;
  /** What else is wrong. */
  problem: string | null = null;
  dialogue: Dialogue = SILENCE;
  #call: Call | null = null;
  /** Of the last conversation that was begun, unless it was ended. */
  #latest: AudioContext | null = null;
  /** The answer that is played, and whether all of its sound is here. */
  #playing: { id: string; isWhole: boolean } | null = null;
  /** Those that were cut, until the server tells what was heard of them. */
  #cutting = new Map<string, () => void>();
  /** Called when the server has kept all. */
  #onKept: () => void = () => {};

  constructor(private readonly app: App) {
    super();
  }

  /** Why nobody can talk; null where they can. */
  get obstacle(): string | null {
    const status = this.app.connection.status?.voice;
    if (this.app.connection.state !== 'online' || !status) return 'sottovoce cannot be reached.';
    if (status.state === 'loading') return `The voice is being made ready${status.step ? `: ${status.step}` : '.'}`;
    if (status.state === 'missing') return `There is no voice: ${status.reason ?? 'none is installed'}`;
    if (!window.isSecureContext)
      return 'A browser lets a page listen over HTTPS only, or on the machine that serves it.';
    if (this.app.open.streaming) return 'An answer is being written.';
    return null;
  }

  get phase(): Phase {
    return phase(this.dialogue);
  }

  /** How loud the one is that has the word, between 0 and 1. */
  get level(): number {
    if (this.phase === 'speaking') return this.#call?.speaker.level ?? 0;
    return this.microphone === 'open' ? (this.#call?.microphone?.level ?? 0) : 0;
  }

  /** Begins, and asks for the microphone. It has to be called by what a person does, or the browser plays nothing. */
  async start(): Promise<void> {
    this.#hangUp();
    [this.state, this.microphone, this.dialogue] = ['opening', 'asking', SILENCE];
    this.refusal = this.problem = null;
    this.changed();
    const context = (this.#latest = new AudioContext({ latencyHint: 'interactive' }));
    try {
      const call = await this.#dial(context);
      if (this.#latest !== context) return hangUp(call);
      this.#call = call;
      await this.listen();
    } catch (error) {
      void context.close();
      if (this.#latest === context) this.#lost(`The conversation could not begin: ${(error as Error).message}`);
    }
  }

  async #dial(context: AudioContext): Promise<Call> {
    const { api, open } = this.app;
    const speaker = await Speaker.open(context, () => this.#played());
    if (!this.app.settings) await this.app.loadSettings();
    const server = new Realtime(
      api.converse(),
      (told) => this.#told(told),
      () => this.#lost('The connection was lost.'),
    );
    const instructions =
      open.conversation?.system_prompt ?? open.instructions ?? this.app.settings?.system_prompt ?? '';
    server.begin(instructions, { conversation: open.id, message: open.leaf });
    if (this.app.settings) server.set(this.app.settings);
    return { context, server, speaker, microphone: null };
  }

  /** Asks for the microphone, again if it was refused. */
  async listen(): Promise<void> {
    const call = this.#call;
    if (!call) return;
    [this.microphone, this.refusal] = ['asking', null];
    this.changed();
    try {
      const lost = () => this.#deaf('The microphone is gone.');
      const microphone = await Microphone.open(call.context, (sound) => call.server.hear(toBase64(sound)), lost);
      // Whoever ended the conversation meanwhile is not listened to, not even while it is put away.
      if (this.#call !== call || this.state === 'closed') return microphone.close();
      call.microphone = microphone;
      this.microphone = 'open';
      this.changed();
    } catch (error) {
      if (this.#call === call) this.#deaf(refusal(error));
    }
  }

  toggleMicrophone(): void {
    const microphone = this.#call?.microphone;
    if (!microphone) return;
    this.microphone = this.microphone === 'muted' ? 'open' : 'muted';
    microphone.isMuted = this.microphone === 'muted';
    this.changed();
  }

  /** Says something in writing. */
  write(text: string): void {
    void this.interrupt();
    this.#call?.server.write(text);
    this.#happen({ type: 'written', id: crypto.randomUUID(), text });
  }

  /** Silences the assistant. What of its answer was not heard was not said. Ready when the server has told what was. */
  async interrupt(): Promise<void> {
    const call = this.#call;
    if (!call) return;
    const { lines, isAnswering } = this.dialogue;
    const line = lines.findLast(({ who, state }) => who === 'assistant' && state === 'growing');
    if (!line) {
      if (isAnswering) call.server.cancel();
      return;
    }
    if (this.#cutting.has(line.id)) return;
    const told = new Promise<void>((resolve) => this.#cutting.set(line.id, resolve));
    this.#playing = null;
    this.#happen({ type: 'silenced' });
    call.server.cut(line.id, await call.speaker.stop());
    await told;
  }

  /** Speaks in another voice, or faster, from the next answer on, here and later. */
  async setManner(voice: string | null, speed: number): Promise<void> {
    const { settings } = this.app;
    if (!settings) return;
    try {
      await this.app.saveSettings({ ...settings, voice, speed });
      this.#call?.server.set({ ...settings, voice, speed });
    } catch (error) {
      this.#trouble(`Not saved: ${(error as Error).message}`);
    }
  }

  /** Ends the conversation. What was heard of an answer is kept. */
  async end(): Promise<void> {
    this.state = 'closed';
    this.#latest = null;
    this.changed();
    const call = this.#call;
    if (!call) return;
    call.microphone?.close();
    await Promise.race([this.#finish(call), new Promise((resolve) => setTimeout(resolve, FAREWELL))]);
    if (this.#call === call) this.#hangUp();
    await this.#show();
  }

  /** Ready when the server has kept all that was said and heard. */
  async #finish({ server }: Call): Promise<void> {
    await this.interrupt();
    const kept = new Promise<void>((resolve) => (this.#onKept = resolve));
    server.finish();
    await kept;
  }

  #told(told: Told): void {
    switch (told.type) {
      case 'session.created':
        this.state = 'open';
        break;
      case 'session.updated':
        this.#kept(told.session.sottovoce);
        return;
      case 'sottovoce.playback':
        this.#call?.speaker.setVolume(VOLUMES[told.volume]);
        return;
      case 'input_audio_buffer.speech_started':
        void this.interrupt();
        break;
      case 'response.output_item.added':
        if (told.item.type === 'message') this.#playing = { id: told.item.id, isWhole: false };
        break;
      case 'response.output_audio.delta':
        // What was on its way when the assistant was silenced is not played.
        if (this.#playing?.id !== told.item_id) return;
        this.#call?.speaker.play(fromBase64(told.delta));
        break;
      case 'response.output_audio.done':
        if (this.#playing?.id !== told.item_id) return;
        this.#playing.isWhole = true;
        this.#call?.speaker.end();
        break;
      case 'response.done':
        if (told.response.status === 'failed')
          this.#trouble(told.response.status_details.error?.message ?? 'No answer.');
        break;
      case 'conversation.item.input_audio_transcription.failed':
        this.#trouble(`Not understood: ${told.error.message}`);
        break;
      case 'conversation.item.retrieved':
        this.#happen({ type: 'cut', id: told.item.id, text: told.item.content[0]?.transcript ?? '' });
        this.#cutting.get(told.item.id)?.();
        this.#cutting.delete(told.item.id);
        return;
      case 'error':
        if (told.error.event_id !== CANCEL) this.#trouble(told.error.message);
        return;
    }
    this.#happen(told);
  }

  #played(): void {
    if (!this.#playing?.isWhole) return;
    const { id } = this.#playing;
    this.#playing = null;
    this.#happen({ type: 'played', id });
  }

  #happen(happening: Happening): void {
    this.dialogue = after(this.dialogue, happening);
    this.changed();
  }

  /** Shows the conversation that has begun with what was said. */
  #kept(place: Place | null): void {
    if (place === null) this.#onKept();
    else if (place.conversation !== null && this.app.open.id === null)
      void this.app.open.open(place.conversation, null);
  }

  #deaf(reason: string): void {
    [this.microphone, this.refusal] = ['none', reason];
    this.changed();
  }

  #trouble(reason: string): void {
    this.problem = reason;
    this.changed();
  }

  #lost(reason: string): void {
    const call = this.#call;
    this.#hangUp();
    if (this.state !== 'closed') this.state = 'lost';
    this.#trouble(reason);
    if (call) void this.#show();
  }

  #hangUp(): void {
    if (!this.#call) return;
    this.#happen({ type: 'lost' });
    hangUp(this.#call);
    this.#call = this.#playing = null;
    this.#cutting.clear();
  }

  /** Shows what was said in the page. */
  async #show(): Promise<void> {
    await Promise.all([this.app.open.reload(), this.app.conversations.refresh()]);
  }
}

function hangUp({ server, microphone, context }: Call): void {
  server.close();
  microphone?.close();
  void context.close();
}
