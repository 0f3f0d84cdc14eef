import type { Id, Message } from '../api/types';

/** A message of the visible thread, with the others that stand at its place. */
export interface Step {
  message: Message;
  /** The message and its siblings, the oldest first. */
  siblings: Id[];
}

/**
 * The messages from the first of a conversation to a last one: through `through`, or the newest where that is not there,
 * and from there on through the last of each place. `messages` come in the order of a transcript, each after its parent.
 */
export function thread(messages: readonly Message[], through: Id | null): Step[] {
  const byId = new Map(messages.map((message) => [message.id, message]));
  const children = new Map<Id | null, Message[]>();
  for (const message of messages) {
    const siblings = children.get(message.parent);
    if (siblings) siblings.push(message);
    else children.set(message.parent, [message]);
  }

  const newest = messages.reduce<Message | null>((a, b) => (a && a.created > b.created ? a : b), null);
  const target = through !== null && byId.has(through) ? through : (newest?.id ?? null);
  const wanted = new Set<Id>();
  for (let id = target; id !== null && !wanted.has(id); id = byId.get(id)?.parent ?? null) wanted.add(id);

  const steps: Step[] = [];
  for (let at = children.get(null); at !== undefined;) {
    const message: Message | undefined = at.find(({ id }) => wanted.has(id)) ?? at.at(-1);
    if (!message) break;
    steps.push({ message, siblings: at.map(({ id }) => id) });
    at = children.get(message.id);
  }
  return steps;
}

/** `message` and all that follow it. */
export function subtree(messages: readonly Message[], message: Id): Set<Id> {
  const found = new Set([message]);
  for (const { id, parent } of messages) if (parent !== null && found.has(parent)) found.add(id);
  return found;
}
