import type { Conversation, Id, Message, Settings } from '../api/types';
import { Connection } from './connection';
import { Conversations } from './conversations';
import { Notices } from './notices';
import { Observable } from './observable';
import { OpenConversation } from './open-conversation';
import { save } from './save';
import { Talk } from './talk';
import { Theme } from './theme';

/** All that the page knows, and what a person can do about it. */
export class App extends Observable {
  readonly connection = new Connection(() => this.#returned());
  readonly api = this.connection.api;
  readonly conversations = new Conversations(this.api);
  readonly open = new OpenConversation(this.api, () => void this.conversations.refresh());
  readonly notices = new Notices();
  readonly theme = new Theme();
  readonly talk = new Talk(this);
  settings: Settings | null = null;

  start(): void {
    window.addEventListener('hashchange', () => this.#route());
    // Another window, or another person of the household, may have gone on meanwhile.
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden && this.connection.state === 'online') this.#returned();
    });
    this.open.subscribe(() => this.#reflect());
    this.#route();
    void this.connection.run();
  }

  async rename(id: Id, title: string): Promise<void> {
    await this.#update(id, { title });
  }

  async setFavourite({ id, favourite }: Conversation): Promise<void> {
    await this.#update(id, { favourite: !favourite });
  }

  /** Null takes the conversation's own instructions away. */
  async instruct(instructions: string | null): Promise<void> {
    const { id } = this.open;
    if (id === null) this.open.setInstructions(instructions);
    else await this.#update(id, { system_prompt: instructions });
  }

  /** Deletes a conversation at once; what was deleted can be put back from what was read before. */
  async remove({ id, title }: Conversation): Promise<void> {
    await this.notices.attempt(async () => {
      const { blob } = await this.api.export('json', id);
      await this.api.delete(id);
      this.conversations.forget(id);
      if (this.open.id === id) this.startNew();
      this.#offerUndo(`“${title || 'Untitled'}” deleted`, blob);
    }, 'Not deleted');
  }

  /** Deletes a message and all that follow it, likewise. */
  async removeMessage(message: Message): Promise<void> {
    await this.notices.attempt(async () => {
      const { blob } = await this.api.export('json', message.conversation);
      await this.open.deleteMessage(message);
      this.#offerUndo('Message deleted', blob);
    }, 'Not deleted');
  }

  async removeAll(): Promise<void> {
    const { deleted } = await this.api.deleteAll();
    this.startNew();
    await this.conversations.refresh();
    this.notices.add(deleted === 1 ? 'One conversation deleted' : `${deleted} conversations deleted`);
  }

  async export(format: 'markdown' | 'json', id?: Id): Promise<void> {
    await this.notices.attempt(async () => save(await this.api.export(format, id)), 'Not exported');
  }

  async import(file: Blob): Promise<void> {
    await this.notices.attempt(async () => {
      const { conversations, messages } = await this.api.import(file);
      await Promise.all([this.conversations.refresh(), this.open.reload()]);
      this.notices.add(
        messages + conversations === 0
          ? 'All of that is here already'
          : `Imported: conversations ${conversations}, messages ${messages}`,
      );
    }, 'Not imported');
  }

  async saveSettings(settings: Settings): Promise<void> {
    this.settings = await this.api.saveSettings(settings);
    this.changed();
  }

  async loadSettings(): Promise<void> {
    this.settings = await this.api.settings();
    this.changed();
  }

  startNew(): void {
    if (location.hash) location.hash = '';
    else void this.open.open(null, null);
  }

  async #update(id: Id, change: Partial<Conversation>): Promise<void> {
    await this.notices.attempt(async () => {
      const conversation = await this.api.update(id, change);
      this.conversations.adopt(conversation);
      this.open.adopt(conversation);
    }, 'Not changed');
  }

  #offerUndo(text: string, kept: Blob): void {
    const undo = () =>
      this.notices.attempt(async () => {
        await this.api.import(kept);
        await Promise.all([this.conversations.refresh(), this.open.reload()]);
      }, 'Not put back');
    this.notices.add(text, { label: 'Undo', run: () => void undo() });
  }

  /** The server is there, for the first time or again. */
  #returned(): void {
    void this.conversations.refresh();
    void this.open.reload();
    this.loadSettings().catch(() => {});
  }

  /** Addresses: `#/CONVERSATION`, `#/CONVERSATION/MESSAGE`, and `#token=TOKEN`, which does not stay in the address. */
  #route(): void {
    const token = /^#token=(.+)$/.exec(location.hash)?.[1];
    if (token !== undefined) {
      history.replaceState(null, '', location.pathname);
      this.connection.unlock(decodeURIComponent(token));
    }
    const [, conversation, message] = /^#\/([\w-]+)(?:\/([\w-]+))?$/.exec(location.hash) ?? [];
    void this.open.open(conversation ?? null, message ?? null);
  }

  /** What is looked at has its address. */
  #reflect(): void {
    const { id, conversation, target } = this.open;
    document.title = conversation?.title ? `${conversation.title} · sottovoce` : 'sottovoce';
    const address = target === null ? `#/${id}` : `#/${id}/${target}`;
    if (id !== null && location.hash !== address) history.replaceState(null, '', address);
  }
}
