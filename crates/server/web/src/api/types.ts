/** What the server's `/api` takes and gives. The types of `crates/history`, as they are written in JSON. */

export type Id = string;

export interface Conversation {
  id: Id;
  title: string;
  favourite: boolean;
  system_prompt: string | null;
  created: string;
  updated: string;
}

/** Where a search found its first word in a message. */
export interface Excerpt {
  message: Id;
  before: string;
  word: string;
  after: string;
}

export type Listed = Conversation & { excerpt?: Excerpt };

export interface Page {
  conversations: Listed[];
  more: boolean;
}

/** What an answer in the making has taken. */
export interface Taken {
  prompt_tokens: number;
  completion_tokens: number;
  seconds: number;
}

export interface Usage extends Taken {
  cached_tokens: number;
}

export interface Message {
  id: Id;
  conversation: Id;
  parent: Id | null;
  role: 'system' | 'user' | 'assistant' | 'tool';
  text: string;
  state: 'complete' | 'streaming' | 'stopped' | 'interrupted';
  favourite: boolean;
  created: string;
  model: string | null;
  usage: Usage | null;
}

export interface Transcript {
  conversation: Conversation;
  messages: Message[];
}

export interface Status {
  version: string;
  model: {
    name: string;
    state: 'loading' | 'ready' | 'failed';
    package: string | null;
    step: string | null;
    notices: string[];
    error: string | null;
    /** Tokens that fit. */
    context: number | null;
  };
  running: number;
  parallel: number;
  waiting: number;
  voice: { state: 'ready' | 'loading' | 'missing'; step: string | null; reason: string | null; voices: string[] };
}

/** Null sampling values mean the model's own, null days that everything is kept. */
export interface Settings {
  system_prompt: string;
  temperature: number | null;
  top_k: number | null;
  top_p: number | null;
  max_tokens: number | null;
  retention_days: number | null;
  voice: string | null;
  speed: number;
}

export interface Imported {
  conversations: number;
  messages: number;
}
