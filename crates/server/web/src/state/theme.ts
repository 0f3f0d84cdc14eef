import { Observable } from './observable';
import { recall, remember } from './storage';

export type Choice = 'system' | 'light' | 'dark';

/** Light or dark: as the system has it, unless chosen here. */
export class Theme extends Observable {
  #choice: Choice = 'system';

  constructor() {
    super();
    const kept = recall('theme');
    this.#apply(kept === 'light' || kept === 'dark' ? kept : 'system');
  }

  get choice(): Choice {
    return this.#choice;
  }

  choose(choice: Choice): void {
    remember('theme', choice === 'system' ? null : choice);
    this.#apply(choice);
    this.changed();
  }

  #apply(choice: Choice): void {
    this.#choice = choice;
    if (choice === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = choice;
  }
}
