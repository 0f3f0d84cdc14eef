import { beforeEach, describe, expect, test } from 'vitest';

import { type Api, Refused, Unreachable } from '../../src/api/client';
import type { ServerEvent } from '../../src/api/sse';
import type { Conversation, Message } from '../../src/api/types';
import { OpenConversation } from '../../src/state/open-conversation';
import { message } from './messages';

const CONVERSATION: Conversation = {
  id: 'c',
  title: 't',
  favourite: false,
  system_prompt: null,
  created: '',
  updated: '',
};

/** A server with one conversation, of `messages`; `stream` is what it says of an answer in the making. */
class Server {
  messages: Message[] = [];
  stream = new TransformStream<ServerEvent>();
  failure: Error | null = null;
  stores = true;

  readonly api = {
    transcript: () => Promise.resolve({ conversation: CONVERSATION, messages: this.messages }),
    create: () => Promise.resolve(CONVERSATION),
    ask: (_: string, text: string, parent: string | null) => {
      const at = this.messages.length;
      const question = message(`q${at}`, parent, at, { text });
      const answer = message(`a${at}`, question.id, at + 1, { text: '', state: 'streaming' });
      if (this.stores) this.messages = [...this.messages, question, answer];
      return this.failure ? Promise.reject(this.failure) : Promise.resolve({ question, answer });
    },
    answer: () => this.stream.readable,
    deleteMessage: () => Promise.resolve(),
  } as unknown as Api;

  say(event: string, data: unknown): Promise<void> {
    const writer = this.stream.writable.getWriter();
    const written = writer.write({ event, data: JSON.stringify(data) });
    writer.releaseLock();
    return written;
  }
}

let server: Server;
let open: OpenConversation;

beforeEach(() => {
  server = new Server();
  open = new OpenConversation(server.api, () => {});
});

const texts = () => open.steps.map(({ message }) => message.text);

/** The next time that the conversation shows something new. */
const change = () =>
  new Promise<void>((resolve) => {
    const unsubscribe = open.subscribe(() => {
      unsubscribe();
      resolve();
    });
  });

describe('a conversation', () => {
  test('begins with its first question', async () => {
    await open.open(null, null);
    await open.ask('why?');
    expect(open.id).toBe('c');
    expect(texts()).toEqual(['why?', '']);
    expect(open.streaming?.id).toBe('a0');
  });

  test('shows what a stream has said, though the store is behind', async () => {
    await open.open('c', null);
    await open.ask('why?');
    const shown = change();
    await server.say('text', { text: 'because' });
    await shown;
    await open.reload();
    expect(texts()).toEqual(['why?', 'because']);
    const done = change();
    await server.say('done', { ...server.messages[1], text: 'because of it', state: 'complete' });
    await done;
    expect(texts()).toEqual(['why?', 'because of it']);
    expect(open.streaming).toBeNull();
  });

  test('knows what arrived though the answer to it was lost', async () => {
    await open.open('c', null);
    server.failure = new Unreachable();
    await expect(open.ask('why?')).rejects.toThrow(Unreachable);
    expect(open.arrived('why?')).toBe(false);
    await open.reload();
    expect(open.arrived('something else')).toBe(false);
    expect(open.arrived('why?')).toBe(true);
    expect(open.arrived('why?'), 'a second time it is a new question').toBe(false);
  });

  test('knows what did not arrive', async () => {
    await open.open('c', null);
    server.stores = false;
    for (const failure of [new Unreachable(), new Refused(429, 'too many')]) {
      server.failure = failure;
      await expect(open.ask('why?')).rejects.toThrow(failure.message);
      await open.reload();
      expect(open.arrived('why?')).toBe(false);
    }
  });

  test('goes back to the parent of what is deleted', async () => {
    server.messages = [message('q', null, 0), message('a', 'q', 1), message('q2', 'a', 2), message('a2', 'q2', 3)];
    await open.open('c', 'a2');
    expect(texts()).toEqual(['q', 'a', 'q2', 'a2']);
    await open.deleteMessage(server.messages[2] as Message);
    expect(texts()).toEqual(['q', 'a']);
    expect(open.target).toBeNull();
  });

  test('that is left shows nothing of the one before', async () => {
    server.messages = [message('q', null, 0)];
    await open.open('c', null);
    await open.open(null, null);
    expect(open.steps).toEqual([]);
    expect(open.conversation).toBeNull();
  });
});
