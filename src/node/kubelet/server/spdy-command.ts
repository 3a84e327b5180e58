import type { Duplex } from 'node:stream';
import { type Clock, withTimeout } from '../../../clock/index.ts';
import { type CommandStreams, readSize, type TerminalSize } from './command-streams.ts';
import { SpdySession, type SpdyStream } from './spdy/session.ts';
import type { WantedStreams } from './websocket-streams.ts';

/** As upstream: the streams of a command are opened within this time. */
const openedWithinMs = 30_000;
const mostSizeBytes = 1_024;

/**
 * A command's streams as streams of a SPDY session, in version 4 of the protocol: the client opens one for each that it wants.
 * @throws {Error} it does not open them in time.
 */
export async function spdyStreams(
  transport: Duplex,
  wanted: WantedStreams & { readonly isTerminal: boolean },
  clock: Clock,
): Promise<CommandStreams> {
  const names = [
    'error',
    ...(['stdin', 'stdout', 'stderr'] as const).filter((it) => wanted[it]),
    ...(wanted.isTerminal ? ['resize'] : []),
  ];
  const opened = new Map<string, SpdyStream>();
  const all = Promise.withResolvers<void>();
  const session = new SpdySession(transport, (stream) => {
    opened.set(stream.headers.streamtype ?? '', stream);
    if (names.every((name) => opened.has(name))) all.resolve();
  });
  void session.run();
  using deadline = withTimeout(clock, openedWithinMs, session.signal);
  const late = Promise.withResolvers<never>();
  const onLate = (): void => {
    session.close();
    late.reject(new Error('The client did not open the streams of its command'));
  };
  deadline.signal.addEventListener('abort', onLate, { once: true });
  try {
    await Promise.race([all.promise, late.promise]);
  } finally {
    deadline.signal.removeEventListener('abort', onLate);
  }
  let listener: (size: TerminalSize) => void = () => {};
  const resize = opened.get('resize');
  if (resize !== undefined) void followSizes(resize, (size) => listener(size));
  return {
    stdin: opened.get('stdin')?.input() ?? nothing(),
    signal: session.signal,
    onResize: (to) => {
      listener = to;
    },
    write: async (stream, bytes) => opened.get(stream)?.write(bytes),
    finish: async (status) => {
      await opened.get('error')?.write(Buffer.from(JSON.stringify(status)));
      for (const name of ['stdout', 'stderr', 'error']) await opened.get(name)?.close();
      transport.end();
    },
  };
}

/** Sizes come as JSON, one object after the other. */
async function followSizes(stream: SpdyStream, tell: (size: TerminalSize) => void): Promise<void> {
  let text = '';
  for await (const bytes of stream.input()) {
    text = (text + Buffer.from(bytes).toString()).slice(-mostSizeBytes);
    for (let end = text.indexOf('}'); end !== -1; end = text.indexOf('}')) {
      const size = readSize(text.slice(0, end + 1));
      text = text.slice(end + 1);
      if (size !== undefined) tell(size);
    }
  }
}

async function* nothing(): AsyncGenerator<Uint8Array, void> {}
