import { Api, type Outcome } from '../api/client';
import { backoff, pause } from '../api/backoff';
import type { Status } from '../api/types';
import { Observable } from './observable';
import { recall, remember } from './storage';

const WHILE_LOADING = 500;
const WHEN_READY = 15_000;
/** As long as a timer can be. */
const UNTIL_CALLED = 2 ** 31 - 1;

/** Whether the server is there, what it says about itself, and the token that it wants. */
export class Connection extends Observable {
  readonly api = new Api(
    () => this.#token,
    (outcome) => this.#note(outcome),
  );
  state: 'connecting' | 'online' | 'offline' | 'locked' = 'connecting';
  status: Status | null = null;
  #token = recall('token');
  #sleep = new AbortController();

  /** `onReturn` is called whenever the server is there again, and at first. */
  constructor(private readonly onReturn: () => void) {
    super();
    document.addEventListener('visibilitychange', () => !document.hidden && this.retry());
  }

  /** Whether a wrong token was sent, rather than none. */
  get tokenWasRefused(): boolean {
    return this.state === 'locked' && this.#token !== null;
  }

  /** Asks the server for its status, for as long as the page lives. */
  async run(): Promise<never> {
    for (let failures = 0; ;) {
      const token = this.#token;
      try {
        this.status = await this.api.status();
        failures = 0;
        this.changed();
      } catch {
        failures++;
      }
      if (this.#token === token) await this.#wait(this.#pace(failures));
    }
  }

  #pace(failures: number): number {
    // A server counts wrong tokens.
    if (this.state === 'locked') return UNTIL_CALLED;
    if (failures > 0) return backoff(failures);
    const isLoading = [this.status?.model.state, this.status?.voice.state].includes('loading');
    return isLoading ? WHILE_LOADING : WHEN_READY;
  }

  retry(): void {
    this.#sleep.abort();
  }

  unlock(token: string): void {
    this.#token = token;
    remember('token', token);
    this.state = 'connecting';
    this.changed();
    this.retry();
  }

  async #wait(milliseconds: number): Promise<void> {
    this.#sleep = new AbortController();
    await pause(milliseconds, this.#sleep.signal).catch(() => {});
  }

  #note(outcome: Outcome): void {
    const before = this.state;
    this.state = outcome === 'reached' ? 'online' : outcome === 'locked' ? 'locked' : 'offline';
    if (this.state === before) return;
    this.changed();
    if (this.state === 'online') this.onReturn();
    if (this.state === 'offline' && before === 'online') this.retry();
  }
}
