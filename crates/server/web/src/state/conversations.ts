import type { Api } from '../api/client';
import type { Conversation, Id, Listed } from '../api/types';
import { Observable } from './observable';

const PAGE = 50;

/** The list of conversations, as it is searched and filtered. */
export class Conversations extends Observable {
  items: readonly Listed[] = [];
  more = false;
  state: 'loading' | 'ready' | 'failed' = 'loading';
  search = '';
  favourites = false;
  #latest = new AbortController();

  constructor(private readonly api: Api) {
    super();
  }

  async find(search: string, favourites: boolean): Promise<void> {
    this.search = search.trim();
    this.favourites = favourites;
    await this.refresh();
  }

  /** Reads as much of the list again as is shown. */
  async refresh(): Promise<void> {
    await this.#load(null, Math.min(200, Math.max(PAGE, this.items.length)));
  }

  async loadMore(): Promise<void> {
    await this.#load(this.items.at(-1)?.id ?? null, PAGE);
  }

  /** Shows a change that the server has confirmed. */
  adopt(conversation: Conversation): void {
    this.items = this.items.map((item) => (item.id === conversation.id ? { ...item, ...conversation } : item));
    this.changed();
  }

  forget(id: Id): void {
    this.items = this.items.filter((item) => item.id !== id);
    this.changed();
  }

  async #load(after: Id | null, limit: number): Promise<void> {
    this.#latest.abort();
    const { signal } = (this.#latest = new AbortController());
    try {
      const { search, favourites } = this;
      const page = await this.api.list({ search, favourites, limit, after }, signal);
      if (signal.aborted) return;
      this.items = after === null ? page.conversations : [...this.items, ...page.conversations];
      this.more = page.more;
      this.state = 'ready';
    } catch {
      if (signal.aborted) return;
      // What is shown stays; the connection says what is wrong.
      this.state = this.items.length > 0 ? 'ready' : 'failed';
    }
    this.changed();
  }
}
