import { expect, test } from 'vitest';

import type { Api } from '../../src/api/client';
import type { Conversation, Export, Message } from '../../src/api/types';
import type { Line } from '../../src/state/dialogue';
import { OpenConversation } from '../../src/state/open-conversation';
import { TranscriptKeeper, uuid7 } from '../../src/state/transcript';

/** A server that keeps what it is given. */
class Server {
  conversation: Conversation | null = null;
  messages: Message[] = [];
  failures = 0;

  readonly api = {
    create: (system_prompt: string | null, title: string) => {
      const created = new Date().toISOString();
      this.conversation = { id: 'c', title, favourite: false, system_prompt, created, updated: created };
      return Promise.resolve(this.conversation);
    },
    transcript: () => Promise.resolve({ conversation: this.conversation, messages: this.messages }),
    import: ({ conversations }: Export) => {
      if (this.failures-- > 0) return Promise.reject(new Error('full'));
      this.messages = conversations[0]?.messages ?? [];
      return Promise.resolve();
    },
  } as unknown as Api;
}

function line(who: Line['who'], text: string, state: Line['state'] = 'whole'): Line {
  return { id: text, who, text, state };
}

function keeper(server: Server, problems: unknown[] = []): TranscriptKeeper {
  const open = new OpenConversation(server.api, () => {});
  return new TranscriptKeeper(server.api, open, 'smollm2', (error) => problems.push(error));
}

test('what is said becomes a conversation, one message behind the other', async () => {
  const server = new Server();
  const kept = keeper(server);
  kept.keep(line('person', 'Hello?'));
  kept.keep(line('assistant', 'Good', 'cut'));
  kept.keep(line('person', 'Stop.'));
  kept.keep(line('assistant', 'I', 'lost'));
  await kept.finish();
  expect(server.conversation?.title).toBe('Hello?');
  expect(server.messages.map(({ role, text, state, model }) => [role, text, state, model])).toEqual([
    ['user', 'Hello?', 'complete', null],
    ['assistant', 'Good', 'stopped', 'smollm2'],
    ['user', 'Stop.', 'complete', null],
    ['assistant', 'I', 'interrupted', 'smollm2'],
  ]);
  const parents = [null, ...server.messages.map(({ id }) => id)];
  expect(server.messages.map(({ parent }) => parent)).toEqual(parents.slice(0, -1));
});

test('a long question gives a title of whole words', async () => {
  const server = new Server();
  const kept = keeper(server);
  kept.keep(line('person', `What ${'is '.repeat(30)}it?`));
  await kept.finish();
  expect(server.conversation?.title).toMatch(/^What (is ?)+…$/);
  expect(server.conversation?.title.length).toBeLessThanOrEqual(61);
});

test('what cannot be kept is told, and what follows is kept', async () => {
  const server = new Server();
  const problems: Error[] = [];
  const kept = keeper(server, problems);
  server.failures = 1;
  kept.keep(line('person', 'One.'));
  kept.keep(line('person', 'Two.'));
  await kept.finish();
  expect(problems.map(({ message }) => message)).toEqual(['full']);
  expect(server.messages.map(({ text, parent }) => [text, parent])).toEqual([['Two.', null]]);
});

test('identifiers sort by time', () => {
  const time = Date.UTC(2026, 0, 1);
  const ids = [0, 1, 2 ** 16, 2 ** 33].map((later) => uuid7(new Date(time + later)));
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(ids.toSorted()).toEqual(ids);
  expect(ids[0]?.replace('-', '').slice(0, 12)).toBe(time.toString(16).padStart(12, '0'));
});
