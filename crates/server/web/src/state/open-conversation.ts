import { type Api, Refused, Unreachable } from '../api/client';
import { follow } from '../api/follow';
import type { Conversation, Id, Message, Taken, Transcript } from '../api/types';
import { Observable } from './observable';
import { type Step, subtree, thread } from './thread';

/** Milliseconds between two pictures of an answer that grows: calm to look at, and the model needs the processor. */
const PICTURE = 50;

/** What was sent without it being known whether it arrived. */
interface Unsure {
  text: string;
  parent: Id | null;
}

/** The conversation that is looked at, or one that has not begun. */
export class OpenConversation extends Observable {
  id: Id | null = null;
  conversation: Conversation | null = null;
  state: 'ready' | 'loading' | 'missing' | 'failed' = 'ready';
  /** Instructions for a conversation that has not begun. */
  instructions: string | null = null;
  /** The message that the address names. */
  target: Id | null = null;
  /** A message to scroll to, once. */
  sought: Id | null = null;
  #messages: readonly Message[] = [];
  #steps: readonly Step[] = [];
  #through: Id | null = null;
  #following = new Map<Id, AbortController>();
  #picture: ReturnType<typeof setTimeout> | undefined;
  #unsure: Unsure | null = null;
  #problems = new Map<Id, string>();
  #taken = new Map<Id, Taken>();

  /** `onChange` is called when the list of conversations should show something new. */
  constructor(
    private readonly api: Api,
    private readonly onChange: () => void,
  ) {
    super();
  }

  get steps(): readonly Step[] {
    return this.#steps;
  }

  /** The visible answer that is being made. */
  get streaming(): Message | null {
    const last = this.#steps.at(-1)?.message;
    return last?.state === 'streaming' ? last : null;
  }

  /** Why an answer broke off, where the server has said so. */
  problem(answer: Id): string | null {
    return this.#problems.get(answer) ?? null;
  }

  /** What an answer has taken, so far or in all. */
  taken({ id, usage }: Message): Taken | null {
    return usage ?? this.#taken.get(id) ?? null;
  }

  get leaf(): Id | null {
    return this.#steps.at(-1)?.message.id ?? null;
  }

  /** Opens a conversation, or a new one, at a message if one is given. */
  async open(id: Id | null, target: Id | null): Promise<void> {
    if (id !== this.id || id === null) {
      this.#leave();
      this.id = id;
      this.state = id === null ? 'ready' : 'loading';
    }
    this.target = this.sought = target;
    this.#through = target ?? this.#through;
    this.#show();
    if (id !== null) await this.reload();
  }

  /** Reads the conversation again, and follows what is being answered in it. */
  async reload(): Promise<void> {
    const id = this.id;
    if (id === null) return;
    try {
      const transcript = await this.api.transcript(id);
      if (this.id === id) this.#adopt(transcript);
    } catch (error) {
      if (this.id !== id) return;
      const gone = error instanceof Refused && (error.status === 404 || error.status === 400);
      if (gone) this.state = 'missing';
      else if (this.conversation === null) this.state = 'failed';
      this.changed();
    }
  }

  /** Asks something after `parent`. Throws when the server has not taken it. */
  async ask(text: string, parent: Id | null = this.leaf): Promise<void> {
    const id = this.id ?? (await this.#start());
    this.#unsure = { text, parent };
    try {
      const { question, answer } = await this.api.ask(id, text, parent);
      this.#unsure = null;
      if (this.id === id) this.#begin(question, answer);
    } catch (error) {
      if (!(error instanceof Unreachable)) this.#unsure = null;
      throw error;
    } finally {
      this.onChange();
    }
    if (this.conversation?.title === '') await this.reload();
  }

  /** Begins a conversation, which gets a title with the first question. */
  async #start(): Promise<Id> {
    const conversation = await this.api.create(this.instructions);
    this.instructions = null;
    this.id = conversation.id;
    this.conversation = conversation;
    this.changed();
    return conversation.id;
  }

  /** Whether what could not be sent was stored after all; tells it once. */
  arrived(text: string): boolean {
    const unsure = this.#unsure;
    if (unsure?.text !== text) return false;
    const found = this.#messages.some(({ parent, text }) => parent === unsure.parent && text === unsure.text);
    if (found) this.#unsure = null;
    return found;
  }

  async answerAgain(answer: Message): Promise<void> {
    if (answer.parent === null) return;
    const again = await this.api.answerAgain(answer.parent);
    this.#begin(again.answer);
    this.onChange();
  }

  async stop(): Promise<void> {
    if (this.streaming) await this.api.stop(this.streaming.id);
  }

  /** Shows the thread through `message`. */
  show(message: Id): void {
    this.#through = this.target = message;
    this.#show();
  }

  async setFavourite(message: Message, favourite: boolean): Promise<void> {
    this.#replace(await this.api.setFavourite(message.id, favourite));
  }

  async deleteMessage(message: Message): Promise<void> {
    await this.api.deleteMessage(message.id);
    const gone = subtree(this.#messages, message.id);
    for (const id of gone) this.#following.get(id)?.abort();
    this.#messages = this.#messages.filter(({ id }) => !gone.has(id));
    this.#through = message.parent;
    this.target = null;
    this.#show();
    this.onChange();
  }

  /** Shows a change that the server has confirmed. */
  adopt(conversation: Conversation): void {
    if (conversation.id !== this.id) return;
    this.conversation = conversation;
    this.changed();
  }

  setInstructions(instructions: string | null): void {
    this.instructions = instructions;
    this.changed();
  }

  #leave(): void {
    for (const controller of this.#following.values()) controller.abort();
    this.#following.clear();
    this.#messages = [];
    this.#through = null;
    this.#unsure = null;
    this.conversation = null;
    this.instructions = null;
  }

  #adopt({ conversation, messages }: Transcript): void {
    const known = new Map(this.#messages.map((message) => [message.id, message]));
    this.conversation = conversation;
    this.state = 'ready';
    // A stream is ahead of what the store has.
    this.#messages = messages.map((message) =>
      message.state === 'streaming' && this.#following.has(message.id) ? (known.get(message.id) ?? message) : message,
    );
    for (const message of messages) if (message.state === 'streaming') this.#follow(message);
    this.#show();
  }

  #begin(...messages: Message[]): void {
    const fresh = messages.filter(({ id }) => !this.#messages.some((known) => known.id === id));
    this.#messages = [...this.#messages, ...fresh];
    this.state = 'ready';
    this.target = null;
    for (const message of messages) {
      this.#through = message.id;
      if (message.state === 'streaming') this.#follow(message);
    }
    this.#show();
  }

  #follow({ id }: Message): void {
    if (this.#following.has(id)) return;
    const controller = new AbortController();
    this.#following.set(id, controller);
    const onProblem = (reason: string) => this.#problems.set(id, reason);
    follow(this.api, id, controller.signal, (text, taken) => this.#grow(id, text, taken), onProblem)
      .then((message) => {
        this.#following.delete(id);
        this.#taken.delete(id);
        this.#replace(message);
        this.onChange();
      })
      .catch(() => {
        this.#following.delete(id);
        if (!controller.signal.aborted) void this.reload();
      });
  }

  #grow(id: Id, text: string, taken: Taken | null): void {
    if (taken) this.#taken.set(id, taken);
    this.#messages = this.#messages.map((message) => (message.id === id ? { ...message, text } : message));
    this.#picture ??= setTimeout(() => this.#show(), PICTURE);
  }

  #replace(message: Message): void {
    this.#messages = this.#messages.map((known) => (known.id === message.id ? message : known));
    this.#show();
  }

  #show(): void {
    clearTimeout(this.#picture);
    this.#picture = undefined;
    this.#steps = thread(this.#messages, this.#through);
    this.changed();
  }
}
