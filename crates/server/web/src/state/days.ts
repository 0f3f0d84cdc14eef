/** A heading of the list of conversations. */
export interface Group<T> {
  label: string;
  items: T[];
}

const DAY = 86_400_000;

/** Conversations under the days on which they last changed, in the order that they have. */
export function byDay<T extends { updated: string }>(items: readonly T[], now: Date): Group<T>[] {
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate()).getTime();
  const groups: Group<T>[] = [];
  for (const item of items) {
    const label = labelOf(new Date(item.updated), midnight, now);
    const last = groups.at(-1);
    if (last?.label === label) last.items.push(item);
    else groups.push({ label, items: [item] });
  }
  return groups;
}

function labelOf(time: Date, midnight: number, now: Date): string {
  // Rounded, as a day on which clocks change has 23 or 25 hours.
  const days = Math.round((midnight - new Date(time).setHours(0, 0, 0, 0)) / DAY);
  if (days <= 0) return 'Today';
  if (days === 1) return 'Yesterday';
  if (days < 7) return 'Last seven days';
  const year = time.getFullYear() === now.getFullYear() ? {} : ({ year: 'numeric' } as const);
  return time.toLocaleDateString('en-GB', { month: 'long', ...year });
}
