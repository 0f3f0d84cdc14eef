import type { Id, Settings } from './types';

/** What the server tells in a spoken conversation, as far as the page listens: OpenAI's Realtime events. */
export type Told =
  | { type: 'session.created' }
  | { type: 'session.updated'; session: { sottovoce: Place | null } }
  | { type: 'input_audio_buffer.speech_started'; item_id: string }
  | { type: 'input_audio_buffer.speech_stopped'; item_id: string }
  | { type: 'conversation.item.input_audio_transcription.delta'; item_id: string; delta: string }
  | { type: 'conversation.item.input_audio_transcription.completed'; item_id: string; transcript: string }
  | { type: 'conversation.item.input_audio_transcription.failed'; item_id: string; error: { message: string } }
  | { type: 'response.created' }
  | { type: 'response.output_item.added'; item: { id: string; type: string } }
  | { type: 'response.output_audio_transcript.delta'; item_id: string; delta: string }
  | { type: 'response.output_audio_transcript.done'; item_id: string; transcript: string }
  | { type: 'response.output_audio.delta'; item_id: string; delta: string }
  | { type: 'response.output_audio.done'; item_id: string }
  | { type: 'response.done'; response: { status: string; status_details: { error?: { message: string } } } }
  /** How an answer goes on that somebody speaks over. */
  | { type: 'sottovoce.playback'; volume: 'full' | 'quiet' | 'silent' }
  | { type: 'conversation.item.retrieved'; item: { id: string; content: { transcript?: string }[] } }
  | { type: 'error'; error: { message: string; event_id: string | null } };

/** Where in the history what is said goes: behind a message of a conversation, or into a new one. */
export interface Place {
  conversation: Id | null;
  message: Id | null;
}

/** The event of a cancellation, which may come too late for what it cancels. */
export const CANCEL = 'cancel';

/** A spoken conversation with the server, over a WebSocket. */
export class Realtime {
  #waiting: string[] = [];

  constructor(
    private readonly socket: WebSocket,
    onTold: (told: Told) => void,
    onClose: () => void,
  ) {
    socket.onopen = () => {
      for (const text of this.#waiting) socket.send(text);
      this.#waiting = [];
    };
    socket.onmessage = ({ data }: MessageEvent<string>) => onTold(JSON.parse(data) as Told);
    socket.onclose = onClose;
  }

  /** Goes on with what was said there. From then on the server keeps what is said and heard. */
  begin(instructions: string, place: Place): void {
    this.#send('session.update', { session: { type: 'realtime', instructions, sottovoce: place } });
  }

  /** Asks the server to keep nothing more. It says so when all is kept. */
  finish(): void {
    this.#send('session.update', { session: { type: 'realtime', sottovoce: null } });
  }

  set({ temperature, top_k, top_p, max_tokens, voice, speed }: Settings): void {
    this.#send('session.update', {
      session: {
        type: 'realtime',
        temperature,
        top_k,
        top_p,
        max_output_tokens: max_tokens ?? 'inf',
        // Under this name every server has its first voice.
        audio: { output: { voice: voice ?? 'default', speed } },
      },
    });
  }

  hear(audio: string): void {
    this.#send('input_audio_buffer.append', { audio });
  }

  /** Says something in writing, and asks for an answer. */
  write(text: string): void {
    const content = [{ type: 'input_text', text }];
    this.#send('conversation.item.create', { item: { type: 'message', role: 'user', content } });
    this.#send('response.create', {});
  }

  /** Ends a response that has not begun to speak. */
  cancel(): void {
    this.#send('response.cancel', { event_id: CANCEL });
  }

  /** Tells how much of an answer was heard. The server cuts it there, and tells what is left. */
  cut(item_id: string, milliseconds: number): void {
    this.#send('conversation.item.truncate', { item_id, content_index: 0, audio_end_ms: milliseconds });
    this.#send('conversation.item.retrieve', { item_id });
  }

  close(): void {
    this.socket.onmessage = this.socket.onclose = null;
    this.socket.close();
  }

  /** What is said before the connection stands waits for it; what comes after its end is said to nobody. */
  #send(type: string, event: object): void {
    const text = JSON.stringify({ type, ...event });
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(text);
    else if (this.socket.readyState === WebSocket.CONNECTING) this.#waiting.push(text);
  }
}
