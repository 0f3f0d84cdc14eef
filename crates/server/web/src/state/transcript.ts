import type { Api } from '../api/client';
import type { Id, Message } from '../api/types';
import type { Line } from './dialogue';
import type { OpenConversation } from './open-conversation';

/** Characters of a title that is made of a question. */
const TITLE = 60;

const STATES = { whole: 'complete', cut: 'stopped', lost: 'interrupted', growing: 'interrupted' } as const;

/** Keeps what is said in the conversation that is open, in the order in which it is given. */
export class TranscriptKeeper {
  #last: Promise<void> = Promise.resolve();
  #conversation: Id | null;
  #parent: Id | null;

  /** `onProblem` is called when something could not be kept. */
  constructor(
    private readonly api: Api,
    private readonly open: OpenConversation,
    private readonly model: string | null,
    private readonly onProblem: (error: unknown) => void,
  ) {
    this.#conversation = open.id;
    this.#parent = open.leaf;
  }

  /** Keeps a line that has ended. */
  keep(line: Line): void {
    const created = new Date();
    this.#last = this.#last.then(() => this.#store(line, created)).catch(this.onProblem);
  }

  /** Waits until all is kept. */
  async finish(): Promise<void> {
    await this.#last;
  }

  async #store({ who, text, state }: Line, created: Date): Promise<void> {
    this.#conversation ??= await this.open.begin(title(text));
    const transcript = await this.api.transcript(this.#conversation);
    const message: Message = {
      id: uuid7(created),
      conversation: this.#conversation,
      parent: this.#parent,
      role: who === 'person' ? 'user' : 'assistant',
      text,
      state: STATES[state],
      favourite: false,
      created: created.toISOString(),
      model: who === 'person' ? null : this.model,
      usage: null,
    };
    // It is answered already. An import takes it as it is, with those that it follows, which stay as they are.
    const messages = [...transcript.messages, message];
    await this.api.import({ format: 'sottovoce history', version: 1, conversations: [{ ...transcript, messages }] });
    this.#parent = message.id;
  }
}

/** The first words of a question. */
function title(text: string): string {
  if (text.length <= TITLE) return text;
  const cut = text.slice(0, TITLE);
  return `${cut.slice(0, cut.lastIndexOf(' ') + 1 || TITLE).trimEnd()}…`;
}

/** An identifier that sorts by time, as the server's do: https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-7 */
export function uuid7(time: Date): Id {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, Math.floor(time.getTime() / 2 ** 16));
  view.setUint16(4, time.getTime() % 2 ** 16);
  view.setUint8(6, 0x70 | (view.getUint8(6) & 0x0f));
  view.setUint8(8, 0x80 | (view.getUint8(8) & 0x3f));
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
