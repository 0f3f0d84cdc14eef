import { type Api, Refused } from './client';
import { backoff, pause } from './backoff';
import type { Id, Message, Taken } from './types';

/**
 * Follows an answer to its end, through lost connections and restarts of the server: each connection begins with all of
 * the text, so nothing is missed or doubled. Throws when the answer is gone, or `signal` says so.
 */
export async function follow(
  api: Api,
  id: Id,
  signal: AbortSignal,
  onText: (text: string, taken: Taken | null) => void,
  onProblem: (reason: string) => void,
): Promise<Message> {
  for (let failures = 0; ; failures++) {
    try {
      let text = '';
      for await (const { event, data } of api.answer(id, signal)) {
        if (event === 'done') return JSON.parse(data) as Message;
        if (event === 'error') onProblem((JSON.parse(data) as { error: { message: string } }).error.message);
        else failures = 0;
        if (event !== 'text' && event !== 'delta') continue;
        const { text: piece, usage } = JSON.parse(data) as { text: string; usage: Taken | null };
        text = event === 'text' ? piece : text + piece;
        onText(text, usage);
      }
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof Refused && isFinal(error.status)) throw error;
    }
    await pause(backoff(failures), signal);
  }
}

function isFinal(status: number): boolean {
  return status < 500 && status !== 408 && status !== 429;
}
