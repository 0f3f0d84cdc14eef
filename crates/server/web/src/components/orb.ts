import { css, html, LitElement } from 'lit';
import { customElement, property } from 'lit/decorators.js';

import type { Phase } from '../state/dialogue';

/** The share of a new level that is shown at once: a picture that follows every syllable would flicker. */
const QUICKNESS = 0.25;

/** Shows who has the word, and how loud. Where motion is not wanted, only who. */
@customElement('sotto-orb')
export class OrbElement extends LitElement {
  static override styles = css`
    :host {
      --level: 0;
      position: relative;
      display: block;
      width: 100%;
      aspect-ratio: 1;
    }
    span {
      position: absolute;
      inset: 22%;
      border-radius: 50%;
      background: var(--accent);
      transition: opacity 400ms, background-color 400ms;
    }
    .far {
      opacity: 0.1;
      transform: scale(calc(1.15 + var(--level) * 0.75));
    }
    .near {
      opacity: 0.18;
      transform: scale(calc(1.05 + var(--level) * 0.4));
    }
    .core {
      transform: scale(calc(0.86 + var(--level) * 0.16));
    }
    /* Listening, it is a ring with room in it. */
    .listening .core {
      background: var(--surface);
      box-shadow: inset 0 0 0 3px var(--accent);
    }
    .idle span {
      background: var(--line-strong);
    }
    .idle .core {
      background: var(--surface);
      box-shadow: inset 0 0 0 3px var(--line-strong);
    }
    @media (prefers-reduced-motion: no-preference) {
      .thinking span {
        animation: breathe 2.4s ease-in-out infinite alternate;
      }
      .thinking .near {
        animation-delay: -0.4s;
      }
    }
    @media (prefers-reduced-motion: reduce) {
      span {
        transition: none;
      }
      .thinking .core {
        opacity: 0.55;
      }
    }
    @keyframes breathe {
      from {
        transform: scale(0.84);
      }
      to {
        transform: scale(1.06);
      }
    }
  `;

  @property() phase: Phase | 'idle' = 'idle';
  /** How loud it is now, between 0 and 1. */
  @property({ attribute: false }) level: () => number = () => 0;
  #still = matchMedia('(prefers-reduced-motion: reduce)');
  #shown = 0;
  #frame = 0;

  override connectedCallback(): void {
    super.connectedCallback();
    const draw = () => {
      this.#frame = requestAnimationFrame(draw);
      this.#shown += ((this.#still.matches ? 0 : this.level()) - this.#shown) * QUICKNESS;
      const level = this.#shown.toFixed(2);
      if (this.style.getPropertyValue('--level') !== level) this.style.setProperty('--level', level);
    };
    draw();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    cancelAnimationFrame(this.#frame);
  }

  override render() {
    return html`<div class=${this.phase}>
      <span class="far"></span><span class="near"></span><span class="core"></span>
    </div>`;
  }
}
