import { Observable } from './observable';

export interface Notice {
  id: number;
  text: string;
  tone: 'plain' | 'problem';
  action?: { label: string; run: () => void } | undefined;
}

/** Short messages that go away by themselves. */
export class Notices extends Observable {
  current: readonly Notice[] = [];
  #next = 0;

  add(text: string, action?: Notice['action']): void {
    this.#push({ id: this.#next++, text, tone: 'plain', action });
  }

  problem(text: string): void {
    this.#push({ id: this.#next++, text, tone: 'problem' });
  }

  dismiss(id: number): void {
    this.current = this.current.filter((notice) => notice.id !== id);
    this.changed();
  }

  /** Does something that may fail, and says so then. */
  async attempt(task: () => Promise<void>, what: string): Promise<void> {
    try {
      await task();
    } catch (error) {
      this.problem(`${what}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  #push(notice: Notice): void {
    this.current = [...this.current.filter(({ text }) => text !== notice.text), notice].slice(-3);
    this.changed();
  }
}
