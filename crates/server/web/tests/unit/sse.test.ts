import { describe, expect, test, vi } from 'vitest';

import { EventParser, events, type ServerEvent } from '../../src/api/sse';

const STREAM =
  'event: text\ndata: {"text":""}\n\nevent: delta\r\ndata: {"text":"é"}\r\n\r\n: a comment\n\ndata: a\ndata: b\n\nevent: done\ndata:x\n\n';
const EVENTS: ServerEvent[] = [
  { event: 'text', data: '{"text":""}' },
  { event: 'delta', data: '{"text":"é"}' },
  { event: 'message', data: 'a\nb' },
  { event: 'done', data: 'x' },
];

describe('server-sent events', () => {
  test('are the same wherever the stream is cut', () => {
    for (let first = 0; first <= STREAM.length; first++) {
      for (let second = first; second <= STREAM.length; second++) {
        const parser = new EventParser();
        const chunks = [STREAM.slice(0, first), STREAM.slice(first, second), STREAM.slice(second)];
        expect(chunks.flatMap((chunk) => parser.push(chunk))).toEqual(EVENTS);
      }
    }
  });

  test('come when their empty line has come, and not before', () => {
    const parser = new EventParser();
    expect(parser.push('event: delta\ndata: 1\n')).toEqual([]);
    expect(parser.push('\n')).toEqual([{ event: 'delta', data: '1' }]);
  });

  test('without data are none, and their name is forgotten', () => {
    expect(new EventParser().push('event: ping\n\ndata: 1\n\n')).toEqual([{ event: 'message', data: '1' }]);
  });

  test('lose one space after the colon, not two', () => {
    expect(new EventParser().push('data:  two\n\n')).toEqual([{ event: 'message', data: ' two' }]);
  });

  test('ignore fields that are not known, and lines without a colon are fields', () => {
    expect(new EventParser().push('id: 7\nretry: 1\ndata\ndata: b\n\n')).toEqual([{ event: 'message', data: '\nb' }]);
  });
});

describe('a stream', () => {
  test('gives its events, characters that were cut in two among them', async () => {
    const bytes = new TextEncoder().encode(STREAM);
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
        controller.close();
      },
    });
    const found: ServerEvent[] = [];
    for await (const event of events(body)) found.push(event);
    expect(found).toEqual(EVENTS);
  });

  test('that falls silent is lost', async () => {
    vi.useFakeTimers();
    const next = events(new ReadableStream<Uint8Array>()).next();
    const lost = expect(next).rejects.toThrow('nothing came any more');
    await vi.runAllTimersAsync();
    await lost;
    vi.useRealTimers();
  });
});
