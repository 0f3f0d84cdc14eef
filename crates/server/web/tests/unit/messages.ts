import type { Message } from '../../src/api/types';

/** A message of a tree, made `created` seconds after the others began. */
export function message(id: string, parent: string | null, created: number, rest: Partial<Message> = {}): Message {
  return {
    id,
    conversation: 'c',
    parent,
    role: created % 2 ? 'assistant' : 'user',
    text: id,
    state: 'complete',
    favourite: false,
    created: new Date(Date.UTC(2026, 0, 1, 0, 0, created)).toISOString(),
    model: null,
    usage: null,
    ...rest,
  };
}
