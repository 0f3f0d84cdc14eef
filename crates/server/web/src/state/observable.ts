import type { ReactiveController, ReactiveControllerHost } from 'lit';

/** Something that components show, and that says when it has changed. */
export abstract class Observable {
  readonly #listeners = new Set<() => void>();

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  protected changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

/** Renders a component again whenever one of `subjects` has changed. */
export class Watch implements ReactiveController {
  #unsubscribe: (() => void)[] = [];

  constructor(
    private readonly host: ReactiveControllerHost,
    private readonly subjects: () => Observable[],
  ) {
    host.addController(this);
  }

  hostConnected(): void {
    this.#unsubscribe = this.subjects().map((subject) => subject.subscribe(() => this.host.requestUpdate()));
  }

  hostDisconnected(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
  }
}
