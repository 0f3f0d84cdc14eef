import { expect, test } from 'vitest';

import { byDay } from '../../src/state/days';

const NOW = new Date(2026, 10, 29, 0, 30);

test('conversations stand under the days on which they changed', () => {
  const times = [
    new Date(2026, 10, 29, 0, 10),
    new Date(2026, 10, 28, 23, 50),
    new Date(2026, 10, 28, 0, 0),
    new Date(2026, 10, 23, 12, 0),
    new Date(2026, 10, 22, 12, 0),
    new Date(2026, 9, 3),
    new Date(2025, 9, 3),
  ];
  const groups = byDay(
    times.map((time) => ({ updated: time.toISOString() })),
    NOW,
  );
  expect(groups.map(({ label, items }) => [label, items.length])).toEqual([
    ['Today', 1],
    ['Yesterday', 2],
    ['Last seven days', 1],
    ['November', 1],
    ['October', 1],
    ['October 2025', 1],
  ]);
});

test('a clock that is ahead makes no day of its own', () => {
  expect(byDay([{ updated: new Date(2026, 10, 30).toISOString() }], NOW)[0]?.label).toBe('Today');
});
