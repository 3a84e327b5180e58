import { createSocket } from 'node:dgram';
import { createServer, type Server } from 'node:net';
import { decode, encode, type Packet } from 'dns-packet';

export interface TestUpstream extends AsyncDisposable {
  readonly address: string;
  readonly port: number;
  /** What was asked, as `name TYPE`, with `tcp` before it where it came that way. */
  readonly asked: string[];
}

type Answer = (packet: ReturnType<typeof decode>, by: 'udp' | 'tcp') => Partial<Packet> | Buffer | undefined;

/** A resolver that answers as told, by UDP and TCP on one port of loopback; undefined: it keeps silent. */
export async function openUpstream(answer: Answer): Promise<TestUpstream> {
  const asked: string[] = [];
  const reply = (message: Buffer, by: 'udp' | 'tcp'): Buffer | undefined => {
    const packet = decode(message);
    const [question] = packet.questions ?? [];
    asked.push(`${by === 'tcp' ? 'tcp ' : ''}${question?.name} ${question?.type}`);
    const told = answer(packet, by);
    if (told === undefined || Buffer.isBuffer(told)) return told;
    return encode({ type: 'response', id: packet.id ?? 0, questions: packet.questions ?? [], ...told });
  };
  const tcp = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      const told = reply(bytes.subarray(2), 'tcp');
      if (told !== undefined)
        socket.end(Buffer.concat([Buffer.from([told.length >> 8, told.length & 255]), told]));
    });
  });
  const udp = createSocket('udp4', (message, { port, address }) => {
    const told = reply(message, 'udp');
    if (told !== undefined) udp.send(told, port, address);
  });
  await new Promise<void>((resolve) => udp.bind(0, '127.0.0.1', resolve));
  const { port } = udp.address();
  if (!(await listens(tcp, port))) {
    udp.close();
    return openUpstream(answer);
  }
  return {
    address: '127.0.0.1',
    port,
    asked,
    async [Symbol.asyncDispose]() {
      udp.close();
      await new Promise((resolve) => tcp.close(resolve));
    },
  };
}

/** Whether the port that is free for UDP was free for TCP, too. */
function listens(server: Server, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => resolve(true));
  });
}
