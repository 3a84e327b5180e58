import type { Clock, Random } from '../../clock/index.ts';
import type { Log } from '../../log.ts';
import type { ContainerTerminal, Runtime } from '../../runtime/index.ts';
import {
  AgentChannel,
  type SessionEncryption,
  type SessionRequest,
  splitCommand,
} from '../../session-channel/index.ts';
import type { SessionTranscript } from './session-transcript.ts';
import { SizeKeeper } from './size-keeper.ts';
import type { SsmMessagesClient } from './ssm-messages-api.ts';

export interface ExecuteCommandAgentOptions {
  readonly api: SsmMessagesClient;
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly agentVersion: string;
  /** The container as Session Manager knows it: `ecs:<cluster>_<task id>_<runtime id>`. */
  readonly target: string;
  /** As the runtime knows it. */
  readonly runtimeName: string;
  /** Begins the log of a session in the log group; undefined where nothing can be logged. */
  transcript(sessionId: string, group: string): SessionTranscript | undefined;
  /** Has the data key of a session decrypted that is to be encrypted. */
  openDataKey(
    encrypted: Buffer,
    of: { readonly kmsKeyId: string; readonly sessionId: string },
    signal: AbortSignal,
  ): Promise<Buffer>;
  /** Its control channel is open, for the first time or again. */
  onConnected(): void;
}

/** Amazon ECS: commands run as root, whoever the container's user is; by number, for images without /etc/passwd. */
const user = '0';
const env = { TERM: 'xterm-256color' };

/**
 * One session in a container: opens its data channel, shakes hands, runs the command on a terminal and moves what is
 * typed and said, until the command ends, the client leaves or the signal aborts. What still runs then is killed.
 * What the terminal says is logged first, where the session is to be logged.
 * @returns the words for the client: none for a command that ended with exit code 0.
 * @throws {Error} what kept the session from beginning.
 */
export async function runExecSession(
  request: SessionRequest,
  options: ExecuteCommandAgentOptions,
  parent: AbortSignal,
): Promise<string> {
  const { api, runtime, clock, random, target, runtimeName, agentVersion } = options;
  const { sessionId, sessionType, logGroup, kmsKeyId } = request;
  const over = new AbortController();
  const signal = AbortSignal.any([parent, over.signal]);
  const end = (reason: string): void => over.abort(new Error(reason));
  const opened = Promise.withResolvers<ContainerTerminal>();
  // Typing may wait for it in vain.
  opened.promise.catch(() => {});
  let terminal: ContainerTerminal | undefined;
  const size = new SizeKeeper();

  await using cleanup = new AsyncDisposableStack();
  const encryptionOf = (keyId: string): SessionEncryption => ({
    kmsKeyId: keyId,
    openDataKey: (encrypted) => options.openDataKey(encrypted, { kmsKeyId: keyId, sessionId }, signal),
  });
  const early: Buffer[] = [];
  let receive = (frame: Buffer): void => void early.push(frame);
  const socket = await api.openDataChannel(sessionId, target, signal, (frame) => receive(frame));
  cleanup.defer(() => socket.close(1000));
  socket.on('close', () => end('The session’s connection was closed'));
  socket.on('error', (error) => end(error.message));
  const channel = cleanup.use(
    new AgentChannel({
      ...{ sessionId, sessionType, agentVersion, clock, random },
      encryption: kmsKeyId === undefined ? undefined : encryptionOf(kmsKeyId),
      send: (frame) => socket.send(frame, () => {}),
      input: async (bytes) => (await opened.promise).write(bytes),
      resized: (to) => void size.want(to).catch((error: unknown) => end(describe(error))),
      ended: end,
    }),
  );
  receive = (frame) => channel.receive(frame);
  for (const frame of early) channel.receive(frame);

  const onAbort = (): void => {
    // Whoever waits for room or for output goes on, and sees that it is over.
    channel[Symbol.dispose]();
    void terminal?.[Symbol.asyncDispose]();
  };
  signal.addEventListener('abort', onAbort, { once: true });
  cleanup.defer(() => signal.removeEventListener('abort', onAbort));
  cleanup.defer(() => opened.reject(new Error('The session is over')));

  try {
    const command = splitCommand(request.command);
    await channel.handshake(signal);
    terminal = cleanup.use(await runtime.openTerminal(runtimeName, command, { user, env, signal }));
  } catch (error) {
    signal.throwIfAborted();
    throw new Error(`Unable to start command: ${describe(error)}`, { cause: error });
  }
  signal.throwIfAborted();
  await size.use(terminal);
  const transcript = logGroup === undefined ? undefined : options.transcript(sessionId, logGroup);
  cleanup.defer(() => transcript?.end());
  opened.resolve(terminal);
  for await (const chunk of terminal.output) {
    const said = Buffer.from(chunk);
    await transcript?.write(said, signal);
    await channel.write(said);
    if (signal.aborted) break;
  }
  signal.throwIfAborted();
  const exitCode = await terminal.exitCode();
  await channel.finish(exitCode === 0);
  signal.throwIfAborted();
  return exitCode === 0 ? '' : `EXIT_CODE: ${exitCode}`;
}

const describe = (error: unknown): string => (error instanceof Error ? error.message : String(error));
