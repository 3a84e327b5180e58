import type { RawData, WebSocket } from 'ws';
import { ByteQueue } from './byte-queue.ts';
import {
  type CommandStatus,
  type CommandStreams,
  failedWith,
  readSize,
  type TerminalSize,
} from './command-streams.ts';

/** What is spoken, the newest first. */
export const commandProtocols = [
  'v5.channel.k8s.io',
  'v4.channel.k8s.io',
  'v4.base64.channel.k8s.io',
] as const;

const channels = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4 } as const;
/** Of v5: a channel ends. */
const closing = 255;
/** Typed and not yet taken by the command; beyond that the client is not read. */
const mostWaitingBytes = 256 * 1024;

/** What a client asks of a command: which of its streams it wants. */
export interface WantedStreams {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
}

/** A command's streams as channels of one WebSocket: the first byte of a message says of which. */
export function websocketStreams(socket: WebSocket, wanted: WantedStreams): CommandStreams {
  const isText = socket.protocol.includes('base64');
  const gone = new AbortController();
  const input = new ByteQueue(() => {
    if (socket.isPaused) socket.resume();
  });
  let listener: (size: TerminalSize) => void = () => {};
  let lastSize: TerminalSize | undefined;
  const send = async (channel: number, bytes: Uint8Array): Promise<void> => {
    if (socket.readyState !== socket.OPEN) return;
    const frame = isText
      ? `${channel}${Buffer.from(bytes).toString('base64')}`
      : Buffer.concat([Buffer.of(channel), bytes]);
    // Told when it has left this process: so whoever reads slowly is waited for.
    await new Promise<void>((resolve) => socket.send(frame, () => resolve()));
  };
  socket.on('message', (data) => {
    const frame = bytesOf(data);
    const channel = isText ? Number(String.fromCharCode(frame[0] ?? 0)) : frame[0];
    const bytes = isText ? Buffer.from(frame.toString('latin1', 1), 'base64') : frame.subarray(1);
    if (channel === channels.stdin) {
      if (wanted.stdin) input.push(bytes);
      if (input.size > mostWaitingBytes) socket.pause();
    } else if (channel === channels.resize) {
      lastSize = readSize(bytes.toString());
      if (lastSize !== undefined) listener(lastSize);
    } else if (channel === closing && bytes[0] === channels.stdin) input.end();
  });
  socket.on('error', () => socket.terminate());
  socket.on('close', () => {
    gone.abort(new Error('The client has gone'));
    input.end();
  });
  // So that a client knows that the other end is there.
  const first = wanted.stdout ? channels.stdout : wanted.stderr ? channels.stderr : channels.error;
  void send(first, Buffer.alloc(0));
  return {
    stdin: input.read(),
    signal: gone.signal,
    onResize: (to) => {
      listener = to;
      if (lastSize !== undefined) to(lastSize);
    },
    write: (stream, bytes) => send(channels[stream], bytes),
    finish: async (status: CommandStatus) => {
      await send(channels.error, Buffer.from(JSON.stringify(asOfApiServer(status))));
      socket.close(1000);
    },
  };
}

/** Upstream's API server speaks WebSocket with clients and SPDY with nodes: what a node failed at is an error of its own. */
function asOfApiServer(status: CommandStatus): CommandStatus {
  const { reason, message = '' } = status;
  return reason === 'InternalError' ? failedWith(`Internal error occurred: ${message}`) : status;
}

function bytesOf(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}
