import { connect } from 'node:net';
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
  using deadline = withTimeout(clock, timeoutMs);
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect({ path: socketPath });
  const chunks: Buffer[] = [];
  let bytes = 0;
  const giveUp = (cause: unknown): void => {
    socket.destroy();
    reject(new BalancerError(`HAProxy does not answer at ${socketPath}`, { cause }));
  };
  const onAbort = (): void => giveUp(deadline.signal.reason);
  deadline.signal.addEventListener('abort', onAbort, { once: true });
  socket.on('error', giveUp);
  socket.on('data', (chunk) => {
    bytes += chunk.length;
    if (bytes > mostAnswerBytes) giveUp(new RangeError(`More than ${mostAnswerBytes} bytes`));
    else chunks.push(chunk);
  });
  socket.on('close', () => resolve(Buffer.concat(chunks).toString()));
  socket.write(`${command}\n`);
  try {
    return await promise;
  } finally {
    socket.destroy();
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
