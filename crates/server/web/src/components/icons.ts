import { svg, html, type TemplateResult } from 'lit';

/** Drawn on a grid of 24, in the colour of the text around. */
function icon(shape: TemplateResult): TemplateResult {
  return html`<svg
    viewBox="0 0 24 24"
    fill="none"
    stroke="currentColor"
    stroke-width="1.75"
    stroke-linecap="round"
    stroke-linejoin="round"
    aria-hidden="true"
  >
    ${shape}
  </svg>`;
}

export const icons = {
  plus: icon(svg`<path d="M12 5v14M5 12h14"/>`),
  search: icon(svg`<circle cx="11" cy="11" r="6.5"/><path d="m16 16 4 4"/>`),
  star: icon(svg`<path d="m12 4 2.5 5.1 5.6.8-4 3.9.9 5.6-5-2.6-5 2.6.9-5.6-4-3.9 5.6-.8z"/>`),
  starred: icon(svg`<path fill="currentColor" d="m12 4 2.5 5.1 5.6.8-4 3.9.9 5.6-5-2.6-5 2.6.9-5.6-4-3.9 5.6-.8z"/>`),
  panel: icon(svg`<rect x="4" y="5" width="16" height="14" rx="3"/><path d="M10 5v14"/>`),
  more: icon(svg`<path d="M6 12h.01M12 12h.01M18 12h.01" stroke-width="2.75"/>`),
  pencil: icon(
    svg`<path d="M5 19h3.2L18.6 8.6a1.8 1.8 0 0 0 0-2.5l-.7-.7a1.8 1.8 0 0 0-2.5 0L5 15.8zM13.5 7.3l3.2 3.2"/>`,
  ),
  trash: icon(svg`<path d="M5 7h14M10 7V5h4v2M7 7l.8 12h8.4L17 7M10.5 11v4.5M13.5 11v4.5"/>`),
  copy: icon(
    svg`<rect x="9" y="9" width="10.5" height="10.5" rx="2.5"/><path d="M5.5 15A1.5 1.5 0 0 1 4.5 13.5v-7a2 2 0 0 1 2-2h7A1.5 1.5 0 0 1 15 5.5"/>`,
  ),
  check: icon(svg`<path d="m5 12.5 4.5 4.5L19 7.5"/>`),
  stop: icon(svg`<rect x="7" y="7" width="10" height="10" rx="2" fill="currentColor" stroke="none"/>`),
  send: icon(svg`<path d="M12 19V5.5M6 11l6-6 6 6" stroke-width="2"/>`),
  again: icon(svg`<path d="M19 12a7 7 0 1 1-2.2-5.1L19 9M19 4.5V9h-4.5"/>`),
  left: icon(svg`<path d="m14 7-5 5 5 5"/>`),
  right: icon(svg`<path d="m10 7 5 5-5 5"/>`),
  down: icon(svg`<path d="M12 5v14M6 13l6 6 6-6"/>`),
  settings: icon(
    svg`<path d="M4 8h9M18 8h2M4 16h2M11 16h9"/><circle cx="15.5" cy="8" r="2.3"/><circle cx="8.5" cy="16" r="2.3"/>`,
  ),
  sun: icon(
    svg`<circle cx="12" cy="12" r="3.8"/><path d="M12 3.5v1.5M12 19v1.5M3.5 12H5M19 12h1.5M6 6l1 1M17 17l1 1M18 6l-1 1M7 17l-1 1"/>`,
  ),
  moon: icon(svg`<path d="M19 14.5A7.5 7.5 0 0 1 9.5 5a7.5 7.5 0 1 0 9.5 9.5z"/>`),
  system: icon(svg`<rect x="4" y="5" width="16" height="11" rx="2"/><path d="M9 20h6M12 16v4"/>`),
  download: icon(svg`<path d="M12 4v11M7.5 11l4.5 4.5 4.5-4.5M5 19.5h14"/>`),
  upload: icon(svg`<path d="M12 15.5V4.5M7.5 9 12 4.5 16.5 9M5 19.5h14"/>`),
  close: icon(svg`<path d="m6.5 6.5 11 11M17.5 6.5l-11 11"/>`),
  note: icon(svg`<circle cx="12" cy="12" r="8"/><path d="M12 11v5M12 8h.01"/>`),
  microphone: icon(
    svg`<rect x="9" y="3.5" width="6" height="11" rx="3"/><path d="M5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v2.5"/>`,
  ),
  muted: icon(
    svg`<path d="M15 9.5V6.5a3 3 0 0 0-5.8-1M9 9v2.5a3 3 0 0 0 4.6 2.5M5.5 11.5a6.5 6.5 0 0 0 10.4 5.2M18.5 11.5a6.4 6.4 0 0 1-.5 2.5M12 18v2.5M4.5 4.5l15 15"/>`,
  ),
  voice: icon(svg`<path d="M4.5 10.5v3M8.25 7v10M12 4v16M15.75 8.5v7M19.5 10.5v3"/>`),
  captions: icon(
    svg`<rect x="3.5" y="5.5" width="17" height="13" rx="3"/><path d="M7 14.5h4M14 14.5h3M7 11h2M12 11h5"/>`,
  ),
  instructions: icon(svg`<path d="M5 6.5h14M5 12h14M5 17.5h8"/>`),
};
