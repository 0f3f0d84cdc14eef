import type { Told } from '../api/realtime';

export type Phase = 'listening' | 'thinking' | 'speaking';

/** Something that one of the two says. */
export interface Line {
  id: string;
  who: 'person' | 'assistant';
  text: string;
  /** It grows; all of it was said and, if the assistant did, heard; it was cut where it was heard; or nobody knows. */
  state: 'growing' | 'whole' | 'cut' | 'lost';
}

/** What happens in a spoken conversation: what the server tells, and what the page does itself. */
export type Happening =
  | Told
  | { type: 'written'; id: string; text: string }
  /** All of an answer was played. */
  | { type: 'played'; id: string }
  /** An answer ends here, as it was heard. */
  | { type: 'cut'; id: string; text: string }
  /** The assistant was silenced; what was heard is not known yet. */
  | { type: 'silenced' }
  /** Nothing comes any more. */
  | { type: 'lost' };

/** Where a spoken conversation stands. */
export interface Dialogue {
  lines: readonly Line[];
  /** Somebody is speaking into the microphone. */
  isHearing: boolean;
  /** The person said something that has no answer yet. */
  isAwaited: boolean;
  /** The server is making an answer. */
  isAnswering: boolean;
  /** Sound of an answer has begun, and not ended. */
  isSpeaking: boolean;
}

export const SILENCE: Dialogue = {
  lines: [],
  isHearing: false,
  isAwaited: false,
  isAnswering: false,
  isSpeaking: false,
};

export function phase({ isHearing, isSpeaking, isAnswering, isAwaited }: Dialogue): Phase {
  if (isHearing) return 'listening';
  if (isSpeaking) return 'speaking';
  return isAnswering || isAwaited ? 'thinking' : 'listening';
}

/** Whether there is anything in it that is a word. */
function isSaid(text: string): boolean {
  return /[\p{L}\p{N}]/u.test(text);
}

/** A dialogue after something has happened. */
export function after(dialogue: Dialogue, happening: Happening): Dialogue {
  const { lines } = dialogue;
  switch (happening.type) {
    case 'input_audio_buffer.speech_started': {
      const line: Line = { id: happening.item_id, who: 'person', text: '', state: 'growing' };
      return { ...dialogue, isHearing: true, isAwaited: false, lines: [...lines, line] };
    }
    case 'input_audio_buffer.speech_stopped':
      return { ...dialogue, isHearing: false, isAwaited: true };
    case 'conversation.item.input_audio_transcription.delta':
      return { ...dialogue, lines: rewrite(lines, happening.item_id, (text) => text + happening.delta) };
    case 'conversation.item.input_audio_transcription.completed': {
      const { item_id: id, transcript: text } = happening;
      return { ...dialogue, lines: settle(lines, id, text, 'whole') };
    }
    case 'conversation.item.input_audio_transcription.failed':
      return { ...dialogue, isAwaited: false, lines: settle(lines, happening.item_id, '', 'whole') };
    case 'written': {
      const line: Line = { id: happening.id, who: 'person', text: happening.text, state: 'whole' };
      return { ...dialogue, isAwaited: true, lines: [...lines, line] };
    }
    case 'response.created':
      return { ...dialogue, isAnswering: true, isAwaited: false };
    case 'response.output_item.added': {
      if (happening.item.type !== 'message') return dialogue;
      const line: Line = { id: happening.item.id, who: 'assistant', text: '', state: 'growing' };
      return { ...dialogue, lines: [...lines, line] };
    }
    case 'response.output_audio_transcript.delta':
      return { ...dialogue, lines: rewrite(lines, happening.item_id, (text) => text + happening.delta) };
    case 'response.output_audio_transcript.done':
      return { ...dialogue, lines: rewrite(lines, happening.item_id, () => happening.transcript) };
    case 'response.output_audio.delta':
      return { ...dialogue, isSpeaking: true };
    case 'response.done':
      return { ...dialogue, isAnswering: false };
    case 'played':
      return { ...dialogue, isSpeaking: false, lines: settle(lines, happening.id, null, 'whole') };
    case 'silenced':
      return { ...dialogue, isSpeaking: false, isAnswering: false };
    case 'cut':
      return { ...dialogue, lines: settle(lines, happening.id, happening.text, 'cut') };
    case 'lost':
      return { ...SILENCE, lines: settle(lines, null, null, 'lost') };
    default:
      return dialogue;
  }
}

function rewrite(lines: readonly Line[], id: string, change: (text: string) => string): Line[] {
  return lines.map((line) =>
    line.id === id && line.state === 'growing' ? { ...line, text: change(line.text) } : line,
  );
}

/** Ends the line `id`, or all, with a text or that which it has. What turns out to be nothing goes. */
function settle(lines: readonly Line[], id: string | null, text: string | null, state: Line['state']): Line[] {
  return lines.flatMap((line) => {
    if (line.state !== 'growing' || (id !== null && line.id !== id)) return [line];
    const said = (text ?? line.text).trim();
    return isSaid(said) ? [{ ...line, text: said, state }] : [];
  });
}
