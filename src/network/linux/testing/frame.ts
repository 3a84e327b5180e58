import { ipv4Number, ipv4Text, type PacketTraffic } from '../../../topology/index.ts';

/** An Ethernet frame with an IPv4 packet that a test can tell from all others. */
export interface TestFrame {
  /** Lower case, colons. */
  readonly sourceMac: string;
  readonly destinationMac: string;
  readonly packet: TestPacket;
}

export interface TestPacket {
  /** In the packet's payload, and so through every translation. */
  readonly tag: number;
  readonly source: string;
  readonly destination: string;
  readonly traffic: PacketTraffic;
  /** Of TCP and UDP the source's port, of ICMP the identifier. */
  readonly flow: number;
  /** Which of its flow it is: what TCP's flags and numbers are depends on it. Default: the first. */
  readonly part?: 'first' | 'answer' | 'later';
}

const ipv4Type = 0x0800;
const arpType = 0x0806;
const numbers = { icmp: 1, tcp: 6, udp: 17 } as const;
const names = new Map<number, keyof typeof numbers>([
  [1, 'icmp'],
  [6, 'tcp'],
  [17, 'udp'],
]);
const magic = 'ctmt';

export function encodeFrame({ sourceMac, destinationMac, packet }: TestFrame): Buffer {
  const { source, destination, traffic, tag } = packet;
  const number = typeof traffic.protocol === 'number' ? traffic.protocol : numbers[traffic.protocol];
  const payload = Buffer.concat([Buffer.from(magic), uint32(tag)]);
  const addresses = Buffer.concat([uint32(ipv4Number(source)), uint32(ipv4Number(destination))]);
  const pseudoHeader = Buffer.concat([addresses, Buffer.from([0, number])]);
  const segment = segmentOf(packet, payload, pseudoHeader);
  const header = Buffer.from([0x45, 0, 0, 0, 0, 0, 0, 0, 64, number, 0, 0]);
  header.writeUInt16BE(20 + segment.length, 2);
  header.writeUInt16BE(tag & 0xffff, 4);
  header.writeUInt16BE(checksum(Buffer.concat([header, addresses])), 10);
  return Buffer.concat([mac(destinationMac), mac(sourceMac), uint16(ipv4Type), header, addresses, segment]);
}

/** Undefined when it isn't one of a test's; `frame` begins with its Ethernet header. */
export function decodeFrame(frame: Buffer): TestPacket | undefined {
  if (frame.length < 14 + 20 + 8 || frame.readUInt16BE(12) !== ipv4Type) return undefined;
  const packet = frame.subarray(14, 14 + frame.readUInt16BE(16));
  const number = packet[9] ?? 0;
  const segment = packet.subarray(20);
  const protocol = names.get(number);
  const headerBytes = protocol === 'tcp' ? 20 : protocol === undefined ? 0 : 8;
  const payload = segment.subarray(headerBytes);
  if (payload.length !== 8 || payload.toString('latin1', 0, 4) !== magic) return undefined;
  const ends = {
    tag: payload.readUInt32BE(4),
    source: ipv4Text(packet.readUInt32BE(12)),
    destination: ipv4Text(packet.readUInt32BE(16)),
  };
  if (protocol === undefined) return { ...ends, traffic: { protocol: number }, flow: 0 };
  if (protocol === 'icmp') {
    const traffic = { protocol, type: segment[0] ?? 0, code: segment[1] ?? 0 };
    return { ...ends, traffic, flow: segment.readUInt16BE(4) };
  }
  return { ...ends, traffic: { protocol, port: segment.readUInt16BE(2) }, flow: segment.readUInt16BE(0) };
}

/** Asks everybody on a link who has an address. */
export function arpRequest(
  sender: { readonly mac: string; readonly address: string },
  wanted: string,
): Buffer {
  const request = Buffer.from([0, 1, 8, 0, 6, 4, 0, 1]);
  const own = Buffer.concat([mac(sender.mac), uint32(ipv4Number(sender.address))]);
  const asked = Buffer.concat([Buffer.alloc(6), uint32(ipv4Number(wanted))]);
  return Buffer.concat([mac('ff:ff:ff:ff:ff:ff'), mac(sender.mac), uint16(arpType), request, own, asked]);
}

/** What answers a packet: as its receiver sees it, turned round. */
export function replyTo({ source, destination, traffic, flow }: TestPacket, tag: number): TestPacket {
  const ends = { source: destination, destination: source, tag, part: 'answer' as const };
  if (traffic.protocol === 'icmp') {
    // Every request's answer has the next number, but the echo's.
    const type = traffic.type === 8 ? 0 : traffic.type + 1;
    return { ...ends, traffic: { ...traffic, type }, flow };
  }
  if ('port' in traffic) return { ...ends, traffic: { ...traffic, port: flow }, flow: traffic.port };
  return { ...ends, traffic, flow };
}

function segmentOf(
  { traffic, flow, part = 'first' }: TestPacket,
  payload: Buffer,
  pseudoHeader: Buffer,
): Buffer {
  switch (traffic.protocol) {
    case 'tcp': {
      const header = Buffer.alloc(20);
      header.writeUInt16BE(flow, 0);
      header.writeUInt16BE(traffic.port, 2);
      const [sequence, acknowledged, flags] = tcpParts[part];
      header.writeUInt32BE(sequence, 4);
      header.writeUInt32BE(acknowledged, 8);
      header[12] = 5 << 4;
      header[13] = flags;
      header.writeUInt16BE(64_240, 14);
      const segment = Buffer.concat([header, payload]);
      segment.writeUInt16BE(checksum(Buffer.concat([pseudoHeader, uint16(segment.length), segment])), 16);
      return segment;
    }
    case 'udp': {
      const header = Buffer.concat([
        uint16(flow),
        uint16(traffic.port),
        uint16(8 + payload.length),
        uint16(0),
      ]);
      const segment = Buffer.concat([header, payload]);
      segment.writeUInt16BE(checksum(Buffer.concat([pseudoHeader, uint16(segment.length), segment])), 6);
      return segment;
    }
    case 'icmp': {
      const header = Buffer.from([traffic.type, traffic.code, 0, 0, 0, 0, 0, 1]);
      header.writeUInt16BE(flow, 4);
      const segment = Buffer.concat([header, payload]);
      segment.writeUInt16BE(checksum(segment), 2);
      return segment;
    }
    default:
      return payload;
  }
}

/** Sequence, acknowledgement, flags: SYN, SYN and ACK, ACK. A SYN counts for one, every payload for 8. */
const tcpParts = {
  first: [1_000, 0, 0x02],
  answer: [2_000, 1_009, 0x12],
  later: [1_009, 2_009, 0x10],
} as const;

/** RFC 1071. */
function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += ((bytes[at] ?? 0) << 8) + (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

function mac(text: string): Buffer {
  return Buffer.from(text.replaceAll(':', ''), 'hex');
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
