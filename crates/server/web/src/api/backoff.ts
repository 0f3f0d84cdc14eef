const FIRST = 250;
const LONGEST = 8_000;

/** Milliseconds until the next attempt: twice as long each time, and not at the same moment for all pages. */
export function backoff(failures: number, random: () => number = Math.random): number {
  return Math.min(LONGEST, FIRST * 2 ** failures) * (0.5 + random() / 2);
}

/** Waits, but not when the network comes back. Throws when `signal` says so. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      window.removeEventListener('online', end);
      signal.removeEventListener('abort', end);
      if (signal.aborted) reject(signal.reason as Error);
      else resolve();
    };
    const timer = setTimeout(end, milliseconds);
    window.addEventListener('online', end);
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
  });
}
