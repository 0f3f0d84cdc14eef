import { describe, expect, test, vi } from 'vitest';

import { backoff } from '../../src/api/backoff';
import { type Api, Refused, Unreachable } from '../../src/api/client';
import { follow } from '../../src/api/follow';
import type { ServerEvent } from '../../src/api/sse';
import { message } from './messages';

const DONE = message('a', null, 1, { text: 'one two', state: 'complete' });
const event = (name: string, data: unknown): ServerEvent => ({ event: name, data: JSON.stringify(data) });

/** A server that answers each connection by one of `connections`: events, and then an error or the end. */
function server(...connections: (ServerEvent | Error)[][]): Api {
  const answer = async function* () {
    for (const item of connections.shift() ?? [new Error('one connection too many')]) {
      if (item instanceof Error) throw item;
      yield await Promise.resolve(item);
    }
  };
  return { answer } as unknown as Api;
}

async function texts(api: Api): Promise<[string[], unknown, string[]]> {
  vi.useFakeTimers();
  const seen: string[] = [];
  const problems: string[] = [];
  const { signal } = new AbortController();
  const followed = follow(
    api,
    'a',
    signal,
    (text) => seen.push(text),
    (reason) => problems.push(reason),
  );
  const result = followed.catch((error: unknown) => error);
  await vi.runAllTimersAsync();
  vi.useRealTimers();
  return [seen, await result, problems];
}

describe('an answer', () => {
  test('grows by its pieces', async () => {
    const api = server([event('text', { text: 'one' }), event('delta', { text: ' two' }), event('done', DONE)]);
    expect(await texts(api)).toEqual([['one', 'one two'], DONE, []]);
  });

  test('goes on where a connection was lost, without a word twice', async () => {
    const api = server(
      [event('text', { text: '' }), event('delta', { text: 'one' }), new TypeError('network')],
      [new Unreachable()],
      [new Refused(503, 'starting')],
      [event('text', { text: 'one t' })],
      [event('text', { text: 'one two' }), event('done', DONE)],
    );
    expect(await texts(api)).toEqual([['', 'one', 'one t', 'one two'], DONE, []]);
  });

  test('that broke off says why', async () => {
    const broken = { ...DONE, state: 'interrupted' };
    const api = server([
      event('text', { text: 'one' }),
      event('error', { error: { message: 'full' } }),
      event('done', broken),
    ]);
    expect(await texts(api)).toEqual([['one'], broken, ['full']]);
  });

  test('that is gone is given up', async () => {
    const [, error] = await texts(server([new Refused(404, 'there is no message')]));
    expect(error).toBeInstanceOf(Refused);
  });

  test('is left when nobody looks', async () => {
    const controller = new AbortController();
    const left = follow(
      server([new Unreachable()]),
      'a',
      controller.signal,
      () => {},
      () => {},
    );
    controller.abort(new Error('left'));
    await expect(left).rejects.toThrow('left');
  });
});

test('attempts become rarer, up to a limit', () => {
  expect([0, 1, 2, 10, 2_000].map((failures) => backoff(failures, () => 1))).toEqual([250, 500, 1_000, 8_000, 8_000]);
  expect(backoff(3, () => 0)).toBe(1_000);
});
