import { describe, expect, test } from 'vitest';

import { after, type Dialogue, type Happening, phase, SILENCE } from '../../src/state/dialogue';

const STARTED: Happening = { type: 'input_audio_buffer.speech_started', item_id: 'q' };
const STOPPED: Happening = { type: 'input_audio_buffer.speech_stopped', item_id: 'q' };
const CREATED: Happening = { type: 'response.created' };
const ADDED: Happening = { type: 'response.output_item.added', item: { id: 'a', type: 'message' } };
const SOUND: Happening = { type: 'response.output_audio.delta', item_id: 'a', delta: '' };
const DONE: Happening = { type: 'response.done', response: { status: 'completed', status_details: {} } };
const PLAYED: Happening = { type: 'played', id: 'a' };

function understood(transcript: string): Happening {
  return { type: 'conversation.item.input_audio_transcription.completed', item_id: 'q', transcript };
}

function text(delta: string): Happening {
  return { type: 'response.output_audio_transcript.delta', item_id: 'a', delta };
}

function run(...happenings: Happening[]): Dialogue {
  return happenings.reduce(after, SILENCE);
}

/** Who said what, and how it ended. */
function said({ lines }: Dialogue): string[] {
  return lines.map(({ who, text, state }) => `${who} ${state}: ${text}`);
}

describe('the word', () => {
  test('goes from the person to the assistant and back', () => {
    const steps: [Happening, string][] = [
      [STARTED, 'listening'],
      [STOPPED, 'thinking'],
      [understood('Hello?'), 'thinking'],
      [CREATED, 'thinking'],
      [ADDED, 'thinking'],
      [text('Hello. '), 'thinking'],
      [SOUND, 'speaking'],
      [DONE, 'speaking'],
      [PLAYED, 'listening'],
    ];
    let dialogue = SILENCE;
    for (const [happening, expected] of steps) {
      dialogue = after(dialogue, happening);
      expect(phase(dialogue), happening.type).toBe(expected);
    }
    expect(said(dialogue)).toEqual(['person whole: Hello?', 'assistant whole: Hello.']);
  });

  test('is the person’s as soon as they interrupt', () => {
    const dialogue = run(STARTED, STOPPED, understood('Hello?'), CREATED, ADDED, text('Hello, you. '), SOUND, {
      type: 'silenced',
    });
    expect(phase(dialogue)).toBe('listening');
    const cut = after(dialogue, { type: 'cut', id: 'a', text: 'Hello,' });
    expect(said(cut)).toEqual(['person whole: Hello?', 'assistant cut: Hello,']);
    // Nothing that was on its way changes that.
    expect(said(after(cut, text('more')))).toEqual(said(cut));
    expect(said(after(cut, PLAYED))).toEqual(said(cut));
  });

  test('stays with the person where what they said could not be heard', () => {
    const failed: Happening = {
      type: 'conversation.item.input_audio_transcription.failed',
      item_id: 'q',
      error: { message: 'no' },
    };
    const dialogue = run(STARTED, STOPPED, failed);
    expect([phase(dialogue), said(dialogue)]).toEqual(['listening', []]);
  });
});

describe('what is shown', () => {
  test('leaves out noise, and has the apology for it', () => {
    const dialogue = run(STARTED, STOPPED, understood(' … '), CREATED, ADDED, text('I didn’t catch that.'));
    expect(said(dialogue)).toEqual(['assistant growing: I didn’t catch that.']);
  });

  test('has what was really said, where an answer broke off', () => {
    const done: Happening = { type: 'response.output_audio_transcript.done', item_id: 'a', transcript: 'One.' };
    expect(said(run(CREATED, ADDED, text('One. Two.'), done, PLAYED))).toEqual(['assistant whole: One.']);
  });

  test('has words while they are spoken, and in the end all as they were understood', () => {
    const words = (delta: string): Happening => ({
      type: 'conversation.item.input_audio_transcription.delta',
      item_id: 'q',
      delta,
    });
    const dialogue = run(STARTED, words('What is'), words(' the cap'));
    expect([phase(dialogue), said(dialogue)]).toEqual(['listening', ['person growing: What is the cap']]);
    const done = [STOPPED, words(' of Japan?'), understood('What is the capital of Japan?')].reduce(after, dialogue);
    expect(said(done)).toEqual(['person whole: What is the capital of Japan?']);
  });

  test('has nothing of an answer that was not heard', () => {
    expect(said(run(CREATED, ADDED, text('One.'), { type: 'cut', id: 'a', text: '' }))).toEqual([]);
  });

  test('has what was written', () => {
    const dialogue = run({ type: 'written', id: 'w', text: 'Hello?' });
    expect([phase(dialogue), said(dialogue)]).toEqual(['thinking', ['person whole: Hello?']]);
  });

  test('ends with the connection', () => {
    const dialogue = run(CREATED, ADDED, text('One. Two.'), SOUND, STARTED, { type: 'lost' });
    expect([phase(dialogue), said(dialogue)]).toEqual(['listening', ['assistant lost: One. Two.']]);
  });
});
