import { describe, expect, test } from 'vitest';

import { subtree, thread } from '../../src/state/thread';
import { message } from './messages';

//        q1 ── a1 ── q2 ── a2
//          └── a1'
//        q1' ── a3
const TREE = [
  message('q1', null, 0),
  message('a1', 'q1', 1),
  message("a1'", 'q1', 3),
  message('q2', 'a1', 4),
  message('a2', 'q2', 5),
  message("q1'", null, 6),
  message('a3', "q1'", 7),
];

const ids = (through: string | null, messages = TREE) => thread(messages, through).map(({ message }) => message.id);

describe('the visible thread', () => {
  test('leads to the newest message where nothing is chosen', () => {
    expect(ids(null)).toEqual(["q1'", 'a3']);
    expect(ids(null, TREE.slice(0, 5))).toEqual(['q1', 'a1', 'q2', 'a2']);
  });

  test('goes through what is chosen, and on from there', () => {
    expect(ids('a1')).toEqual(['q1', 'a1', 'q2', 'a2']);
    expect(ids("a1'")).toEqual(['q1', "a1'"]);
    expect(ids('q2')).toEqual(['q1', 'a1', 'q2', 'a2']);
  });

  test('has the others at each place, in their order', () => {
    expect(thread(TREE, 'a2').map(({ siblings }) => siblings)).toEqual([['q1', "q1'"], ['a1', "a1'"], ['q2'], ['a2']]);
  });

  test('leads to the newest where what was chosen is gone', () => {
    expect(ids('deleted')).toEqual(["q1'", 'a3']);
  });

  test('is empty without messages, and ends where messages go round', () => {
    expect(ids(null, [])).toEqual([]);
    expect(ids('x', [message('x', 'y', 0), message('y', 'x', 1)])).toEqual([]);
  });
});

test('what follows a message goes with it', () => {
  expect(subtree(TREE, 'a1')).toEqual(new Set(['a1', 'q2', 'a2']));
  expect(subtree(TREE, "q1'")).toEqual(new Set(["q1'", 'a3']));
});
