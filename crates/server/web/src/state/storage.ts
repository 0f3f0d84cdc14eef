/** What this browser keeps: the token, the theme, and what was written but not sent. */

const PREFIX = 'sottovoce.';

/** Null where nothing is kept, or the browser forbids to keep anything. */
export function recall(key: string): string | null {
  try {
    return localStorage.getItem(PREFIX + key);
  } catch {
    return null;
  }
}

/** Forgets where `value` is empty. */
export function remember(key: string, value: string | null): void {
  try {
    if (value) localStorage.setItem(PREFIX + key, value);
    else localStorage.removeItem(PREFIX + key);
  } catch {
    // A private window may refuse; then the page forgets when it is closed.
  }
}
