import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

const TARGET = resolve(import.meta.dirname, '../../../../..', process.env.CARGO_TARGET_DIR ?? 'target');

/** The program under test: `SOTTOVOCE`, or the release build, or the debug build. */
function program(): string {
  const candidates = [process.env.SOTTOVOCE, join(TARGET, 'release/sottovoce'), join(TARGET, 'debug/sottovoce')];
  const found = candidates.find((path) => path !== undefined && existsSync(path));
  if (found === undefined)
    throw new Error(`none of ${candidates.join(', ')} is there; cargo build --release makes one`);
  return found;
}

/** In f32 on one thread, answers are slow enough for a test to do something in the middle of one. It has no voice to load. */
export const SLOW = ['--exact', '--threads', '1', '--no-voice'];

/** A real server with SmolLM2 and a history of its own. It can be killed and started again at the same address. */
export class Server {
  #process: ChildProcess | null = null;

  private constructor(
    private readonly folder: string,
    private readonly port: number,
    private readonly options: string[],
  ) {}

  /** Starts one; `options` are added to those of the command line. */
  static async start(...options: string[]): Promise<Server> {
    const folder = await mkdtemp(join(tmpdir(), 'sottovoce-page-'));
    const server = new Server(folder, await freePort(), options);
    await server.run();
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async run(): Promise<void> {
    const options = ['serve', '--port', String(this.port), '--data-dir', this.folder, ...this.options];
    const child = spawn(program(), options, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#process = child;
    const said: string[] = [];
    await new Promise<void>((ready, fail) => {
      createInterface({ input: child.stderr }).on('line', (line) => {
        said.push(line);
        if (line.includes(`http://127.0.0.1:${this.port}`)) ready();
      });
      child.once('error', fail);
      child.once('exit', () => fail(new Error(`the server ended:\n${said.join('\n')}`)));
    });
  }

  /** As a power cut would end it. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (!child) return;
    this.#process = null;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  async end(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Makes answers the same each time, and no longer than so many tokens. */
  async limit(max_tokens: number | null): Promise<void> {
    const settings = await this.call<object>('GET', '/settings');
    await this.call('PUT', '/settings', { ...settings, temperature: 0, max_tokens });
  }

  /** Calls the server's `/api`, as the page does. */
  async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const headers = new Headers({ 'content-type': 'application/json' });
    const token = this.options[this.options.indexOf('--token') + 1];
    if (this.options.includes('--token')) headers.set('authorization', `Bearer ${token}`);
    const sent = body === undefined ? null : JSON.stringify(body);
    const response = await fetch(`${this.url}/api${path}`, { method, headers, body: sent });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
