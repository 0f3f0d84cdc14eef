import { events, type ServerEvent } from './sse';
import type { Conversation, Id, Imported, Message, Page, Settings, Status, Transcript } from './types';

/** The server answered that it will not. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** The server did not answer. */
export class Unreachable extends Error {
  constructor() {
    super('sottovoce cannot be reached');
  }
}

/** What a call says about the server, whatever it was for. */
export type Outcome = 'reached' | 'unreachable' | 'locked';

export interface Query {
  search: string;
  favourites: boolean;
  limit: number;
  after: Id | null;
}

export interface Download {
  name: string;
  blob: Blob;
}

/** What may be in the name of a protocol: https://www.rfc-editor.org/rfc/rfc9110#name-tokens */
const PROTOCOL = /^[\w!#$%&'*+.^`|~-]+$/;

/** The server's `/api`. */
export class Api {
  constructor(
    private readonly token: () => string | null,
    private readonly report: (outcome: Outcome) => void,
  ) {}

  status(): Promise<Status> {
    return this.#json('GET', '/api/status');
  }

  settings(): Promise<Settings> {
    return this.#json('GET', '/api/settings');
  }

  saveSettings(settings: Settings): Promise<Settings> {
    return this.#json('PUT', '/api/settings', settings);
  }

  list({ search, favourites, limit, after }: Query, signal: AbortSignal): Promise<Page> {
    const query = new URLSearchParams({ limit: String(limit) });
    if (search) query.set('search', search);
    if (favourites) query.set('favourites', 'true');
    if (after) query.set('after', after);
    return this.#json('GET', `/api/conversations?${query}`, undefined, signal);
  }

  create(system_prompt: string | null): Promise<Conversation> {
    return this.#json('POST', '/api/conversations', { system_prompt });
  }

  transcript(id: Id, signal?: AbortSignal): Promise<Transcript> {
    return this.#json('GET', `/api/conversations/${id}`, undefined, signal);
  }

  update(id: Id, change: Partial<Pick<Conversation, 'title' | 'favourite' | 'system_prompt'>>): Promise<Conversation> {
    return this.#json('PATCH', `/api/conversations/${id}`, change);
  }

  async delete(id: Id): Promise<void> {
    await this.#fetch('DELETE', `/api/conversations/${id}`);
  }

  deleteAll(): Promise<{ deleted: number }> {
    return this.#json('DELETE', '/api/conversations');
  }

  ask(conversation: Id, text: string, parent: Id | null): Promise<{ question: Message; answer: Message }> {
    return this.#json('POST', `/api/conversations/${conversation}/messages`, { text, parent });
  }

  answerAgain(question: Id): Promise<{ answer: Message }> {
    return this.#json('POST', `/api/messages/${question}/answers`);
  }

  async stop(answer: Id): Promise<void> {
    await this.#fetch('POST', `/api/messages/${answer}/stop`);
  }

  setFavourite(message: Id, favourite: boolean): Promise<Message> {
    return this.#json('PATCH', `/api/messages/${message}`, { favourite });
  }

  async deleteMessage(message: Id): Promise<void> {
    await this.#fetch('DELETE', `/api/messages/${message}`);
  }

  /** An answer as it is made: all its text so far, then its pieces, then the message. */
  async *answer(id: Id, signal: AbortSignal): AsyncGenerator<ServerEvent> {
    const response = await this.#fetch('GET', `/api/messages/${id}/events`, undefined, signal);
    if (response.body) yield* events(response.body);
  }

  /** A conversation, or all of them, as a file. */
  async export(format: 'markdown' | 'json', conversation?: Id): Promise<Download> {
    const path = conversation ? `/api/conversations/${conversation}/export` : '/api/export';
    const response = await this.#fetch('GET', `${path}?format=${format}`);
    const disposition = response.headers.get('content-disposition') ?? '';
    const fallback = format === 'json' ? 'sottovoce.json' : 'sottovoce.md';
    return { name: /filename="([^"]+)"/.exec(disposition)?.[1] ?? fallback, blob: await response.blob() };
  }

  /** Takes in conversations; what is here already stays as it is. */
  import(exported: Blob): Promise<Imported> {
    return this.#json('POST', '/api/import', exported);
  }

  /** A connection for a spoken conversation. A browser can send the token as the name of a protocol only. */
  converse(): WebSocket {
    const address = new URL('/v1/realtime', location.href);
    address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
    const token = this.token();
    if (!token) return new WebSocket(address, ['realtime']);
    if (!PROTOCOL.test(token)) {
      throw new Error('a browser cannot send the server’s token here; one of letters and digits alone is for all');
    }
    return new WebSocket(address, ['realtime', `openai-insecure-api-key.${token}`]);
  }

  async #json<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
    const response = await this.#fetch(method, path, body, signal);
    return (await response.json()) as T;
  }

  async #fetch(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Response> {
    const headers = new Headers();
    const token = this.token();
    if (token) headers.set('authorization', `Bearer ${token}`);
    if (body !== undefined) headers.set('content-type', 'application/json');
    const sent = body === undefined ? null : body instanceof Blob ? body : JSON.stringify(body);
    let response: Response;
    try {
      response = await fetch(path, { method, headers, body: sent, signal: signal ?? null, cache: 'no-store' });
    } catch (error) {
      if (signal?.aborted) throw error;
      this.report('unreachable');
      throw new Unreachable();
    }
    // Whoever is turned away for haste learns nothing about the token.
    if (response.status !== 429) this.report(response.status === 401 ? 'locked' : 'reached');
    if (!response.ok) throw new Refused(response.status, await reason(response));
    return response;
  }
}

async function reason(response: Response): Promise<string> {
  const text = await response.text().catch(() => '');
  try {
    const { error } = JSON.parse(text) as { error: { message: string } };
    return error.message;
  } catch {
    return text || `the server answered ${response.status}`;
  }
}
