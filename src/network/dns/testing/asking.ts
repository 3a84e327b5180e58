import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { type DecodedPacket, decode, encode, type Packet, type RecordType } from 'dns-packet';

/** An OPT as clients send it. */
export const opt = (
  udpPayloadSize: number,
  more: object = {},
): NonNullable<Packet['additionals']>[number] => ({
  type: 'OPT',
  name: '.',
  udpPayloadSize,
  extendedRcode: 0,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: [],
  ...more,
});

export function question(name: string, type: string, more: Partial<Packet> = {}): Buffer {
  const questions = [{ name, type: type as RecordType }];
  return encode({ type: 'query', id: 4711, flags: 0x0100, questions, ...more });
}

/** Sends bytes by UDP and gives back the bytes that come; for those that get no answer ask something else after it. */
export async function sendUdp(port: number, ...messages: readonly Buffer[]): Promise<Buffer> {
  const socket = createSocket('udp4');
  try {
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
    socket.on('message', resolve);
    socket.on('error', reject);
    for (const message of messages) socket.send(message, port, '127.0.0.1');
    return await promise;
  } finally {
    socket.close();
  }
}

export async function askUdp(
  port: number,
  name: string,
  type: string,
  more: Partial<Packet> = {},
): Promise<DecodedPacket> {
  return decode(await sendUdp(port, question(name, type, more)));
}

/** Sends messages on one connection, all at once, and gives back as many answers as there are messages. */
export async function askTcp(port: number, ...messages: readonly Buffer[]): Promise<Buffer[]> {
  const socket = connect({ host: '127.0.0.1', port });
  try {
    const framed = messages.map((message) =>
      Buffer.concat([Buffer.from([message.length >> 8, message.length & 255]), message]),
    );
    socket.write(Buffer.concat(framed));
    const answers: Buffer[] = [];
    let received = Buffer.alloc(0);
    for await (const chunk of socket) {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
        const end = 2 + received.readUInt16BE(0);
        answers.push(received.subarray(2, end));
        received = received.subarray(end);
      }
      if (answers.length === messages.length) break;
    }
    return answers;
  } finally {
    socket.destroy();
  }
}
