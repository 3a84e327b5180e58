import { WebSocket } from 'ws';
import { type Clock, type Random, uuid } from '../../clock/index.ts';
import { ClientChannel, openChannelInput } from '../../session-channel/index.ts';
import { CommandError } from '../terminal.ts';
import { LineEnds } from './line-ends.ts';
import type { LocalTerminal } from './local-terminal.ts';

const connectMs = 10_000;
/** End of input, typed on a terminal. */
const endOfTransmission = 4;
/** The session ended, and nobody said how the command did. */
const unknownExitCode = 1;

export interface SessionParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly version: string;
  readonly local: LocalTerminal;
  readonly signal: AbortSignal;
  /** Has KMS make the data key of a session that is encrypted. */
  newDataKey?(kmsKeyId: string): Promise<{ readonly plain: Buffer; readonly encrypted: Buffer }>;
}

/**
 * Joins this terminal and a session's: what session-manager-plugin does, without it. Where output goes to a pipe, the
 * line ends that the other terminal made (CR LF) are single again; where input comes from one, its end is typed.
 * @returns the command's exit code.
 * @throws {CommandError} the session can't be reached, or ended by another hand than the command's.
 */
export async function runSession(
  session: { readonly streamUrl: string; readonly tokenValue: string },
  { clock, random, version, local, signal, newDataKey }: SessionParts,
): Promise<number> {
  const closed = Promise.withResolvers<string>();
  closed.promise.catch(() => {});
  const lineEnds = local.size() === undefined ? new LineEnds() : undefined;
  await using cleanup = new AsyncDisposableStack();
  const socket = new WebSocket(session.streamUrl, { perMessageDeflate: false, handshakeTimeout: connectMs });
  cleanup.defer(() => socket.close(1000));
  const channel = cleanup.use(
    new ClientChannel({
      ...{ clientVersion: version, clock, random },
      ...(newDataKey && { newDataKey }),
      send: (frame) => socket.send(frame, () => {}),
      ready: (message) => {
        if (message !== '') local.note(`${message}\n`);
        begin();
      },
      output: (bytes) => local.write(lineEnds?.take(bytes) ?? bytes),
      closed: (output) => closed.resolve(output),
      failed: (error) => closed.reject(new CommandError('The session broke off', { cause: error })),
    }),
  );
  const begin = (): void => {
    cleanup.use(local.raw());
    const tellSize = (): void => {
      const size = local.size();
      if (size !== undefined) channel.resize(size);
    };
    tellSize();
    cleanup.use(local.onResize(tellSize));
    pipe(local, channel).catch((cause: unknown) =>
      closed.reject(new CommandError('Cannot read the standard input', { cause })),
    );
  };
  const onAbort = (): void => closed.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  cleanup.defer(() => signal.removeEventListener('abort', onAbort));
  cleanup.defer(() => local.close());
  socket.on('open', () =>
    socket.send(
      openChannelInput({
        requestId: uuid(random),
        tokenValue: session.tokenValue,
        clientId: uuid(random),
        clientVersion: version,
      }),
    ),
  );
  socket.on('message', (data, isBinary) => {
    if (isBinary && Buffer.isBuffer(data)) channel.receive(data);
  });
  socket.on('error', (cause) => closed.reject(new CommandError('Cannot reach the session', { cause })));
  socket.on('close', (code, reason) =>
    closed.reject(new CommandError(`The session broke off: ${reason.toString() || `code ${code}`}`)),
  );
  if (signal.aborted) onAbort();

  const output = await closed.promise;
  const rest = lineEnds?.rest();
  if (rest !== undefined) await local.write(rest);
  if (output === '') return 0;
  const exitCode = /^EXIT_CODE: (\d{1,3})$/.exec(output)?.[1];
  if (exitCode !== undefined) return Number(exitCode);
  throw new CommandError(output, { exitCode: unknownExitCode });
}

async function pipe(local: LocalTerminal, channel: ClientChannel): Promise<void> {
  let last = 0x0a;
  for await (const bytes of local.input) {
    await channel.write(Buffer.from(bytes));
    last = bytes.at(-1) ?? last;
  }
  if (local.isInteractive) return;
  // In the midst of a line the first only hands over the line.
  const ends = last === 0x0a ? [endOfTransmission] : [endOfTransmission, endOfTransmission];
  await channel.write(Buffer.from(ends));
}
