import { connect, type Socket } from 'node:net';
import { type Clock, withTimeout } from '../../../clock/index.ts';
import { BalancerError } from '../balancer.ts';

const timeoutMs = 2_000;
const mostAnswerBytes = 64 * 1024 * 1024;
/** A line has to fit into a buffer of HAProxy's with room to spare. */
const mostLineBytes = 4_096;

/**
 * Asks a HAProxy through its runtime socket. @returns what it says to a line of commands.
 * @throws {BalancerError} nobody is there, or nobody answers in time.
 */
export async function ask(socketPath: string, command: string, clock: Clock): Promise<string> {
  using connection = new Connection(socketPath, clock);
  return await connection.ask(command, (_, hasEnded) => hasEnded);
}

/** A conversation with a HAProxy, which goes on when that takes nothing new any more; while it lasts, the process does. */
export interface RuntimeSession extends Disposable {
  /** @returns what it says to a line of commands. @throws {BalancerError} as `ask`. */
  ask(command: string): Promise<string>;
}

/** Stands after each answer of a conversation. */
const prompt = '\n> ';

/** @throws {BalancerError} as `ask`. */
export async function openSession(socketPath: string, clock: Clock): Promise<RuntimeSession> {
  const connection = new Connection(socketPath, clock);
  const converse = (command: string): Promise<string> =>
    connection.ask(command, (said) => said.endsWith(prompt));
  try {
    await converse('prompt');
  } catch (error) {
    connection[Symbol.dispose]();
    throw error;
  }
  return {
    ask: async (command) => (await converse(command)).slice(0, -prompt.length),
    [Symbol.dispose]: () => connection[Symbol.dispose](),
  };
}

class Connection implements Disposable {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #socket: Socket;
  #failure: unknown;

  constructor(path: string, clock: Clock) {
    this.#path = path;
    this.#clock = clock;
    this.#socket = connect({ path });
    this.#socket.on('error', (error) => {
      this.#failure = error;
    });
  }

  /** @param isWhole Whether an answer has come to its end. */
  async ask(command: string, isWhole: (said: string, hasEnded: boolean) => boolean): Promise<string> {
    using deadline = withTimeout(this.#clock, timeoutMs);
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const chunks: Buffer[] = [];
    let bytes = 0;
    const giveUp = (cause: unknown): void => {
      this.#socket.destroy();
      reject(new BalancerError(`HAProxy does not answer at ${this.#path}`, { cause }));
    };
    const onAbort = (): void => giveUp(deadline.signal.reason);
    const look = (hasEnded: boolean): void => {
      const last = Buffer.concat(chunks.slice(-prompt.length)).subarray(-prompt.length).toString();
      if (isWhole(last, hasEnded)) resolve(Buffer.concat(chunks).toString());
      else if (hasEnded) giveUp(this.#failure ?? new Error('It has hung up'));
    };
    const onData = (chunk: Buffer): void => {
      bytes += chunk.length;
      chunks.push(chunk);
      if (bytes > mostAnswerBytes) giveUp(new RangeError(`More than ${mostAnswerBytes} bytes`));
      else look(false);
    };
    const onClose = (): void => (this.#failure === undefined ? look(true) : giveUp(this.#failure));
    deadline.signal.addEventListener('abort', onAbort, { once: true });
    this.#socket.on('data', onData).once('close', onClose);
    if (this.#socket.destroyed) onClose();
    else this.#socket.write(`${command}\n`);
    try {
      return await promise;
    } finally {
      this.#socket.off('data', onData).off('close', onClose);
    }
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}

/** Commands in as few lines as they fit into. */
export function commandLines(commands: readonly string[]): string[] {
  const lines: string[] = [];
  for (const command of commands) {
    const last = lines.at(-1);
    if (last === undefined || last.length + command.length + 2 > mostLineBytes) lines.push(command);
    else lines[lines.length - 1] = `${last}; ${command}`;
  }
  return lines;
}
