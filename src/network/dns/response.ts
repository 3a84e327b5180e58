import { encode } from 'dns-packet';
import type { DnsRecord } from '../../topology/index.ts';
import { type BadQuery, type Edns, ourUdpBytes, type Query, writeOpt } from './query.ts';
import { headerBytes, headerFlags, rcodes } from './wire.ts';

/** An answer of our own. */
export interface OwnAnswer {
  readonly rcode: number;
  readonly isAuthoritative: boolean;
  readonly answers: readonly DnsRecord[];
  readonly authorities: readonly DnsRecord[];
}

/** What somebody else answered, with what has to be known to hand it on. */
export interface RelayedAnswer {
  /** Without its OPT. */
  readonly message: Buffer;
  readonly questionEnd: number;
  /** Of the records, in bytes from the start. */
  readonly ttlOffsets: readonly number[];
}

/** How large an answer by UDP may be. */
export function udpBytes({ edns }: Query | BadQuery): number {
  return edns === undefined ? 512 : Math.max(512, Math.min(edns.udpBytes, ourUdpBytes));
}

/**
 * The bytes of an answer. The question stands as it was asked, and names equal to it point to it, so that they have the
 * asker's letters. What doesn't fit is left out as a whole and marked: the asker comes again by TCP.
 */
export function writeAnswer(query: Query, answer: OwnAnswer, maxBytes: number): Buffer {
  const records = [...answer.answers, ...answer.authorities].map((record) => writeRecord(record, query.name));
  const flags = answer.isAuthoritative ? headerFlags.authoritative : 0;
  return assemble(query, answer.rcode, flags, maxBytes, {
    bytes: records,
    counts: [answer.answers.length, answer.authorities.length, 0],
  });
}

export function writeRefusal(query: Query | BadQuery, rcode: number): Buffer {
  return assemble(query, rcode, 0, 512, { bytes: [], counts: [0, 0, 0] });
}

/**
 * RFC 8482, section 4.2: who asks for everything gets one record that means nothing, instead of much that nobody needs.
 */
export function writeAnyAnswer(query: Query): Buffer {
  const hinfo = { type: 'HINFO', name: '.', ttl: 3789, data: { cpu: 'RFC8482', os: '' } } as const;
  return assemble(query, rcodes.NOERROR, 0, 512, {
    bytes: [pointedToQuestion(encode({ type: 'response', answers: [hinfo] }))],
    counts: [1, 0, 0],
  });
}

/** @param ageSeconds Since it was had: TTLs are less by that. */
export function relayAnswer(
  query: Query,
  relayed: RelayedAnswer,
  ageSeconds: number,
  maxBytes: number,
): Buffer {
  const body = Buffer.from(relayed.message);
  for (const offset of relayed.ttlOffsets) {
    body.writeUInt32BE(Math.max(0, body.readUInt32BE(offset) - ageSeconds), offset);
  }
  const counts = [6, 8, 10].map((offset) => body.readUInt16BE(offset)) as [number, number, number];
  const rcode = body.readUInt16BE(2) & headerFlags.rcode;
  return assemble(query, rcode, 0, maxBytes, { bytes: [body.subarray(relayed.questionEnd)], counts });
}

interface Sections {
  readonly bytes: readonly Buffer[];
  readonly counts: readonly [number, number, number];
}

function assemble(
  query: { id: number; flags: number; questionBytes?: Buffer; edns?: Edns },
  rcode: number,
  flags: number,
  maxBytes: number,
  { bytes, counts }: Sections,
): Buffer {
  const opt = query.edns === undefined ? [] : [writeOpt(query.edns.dnssecOk, rcode >> 4)];
  const question = query.questionBytes ?? Buffer.alloc(0);
  const length = [question, ...bytes, ...opt].reduce((sum, part) => sum + part.length, headerBytes);
  const fits = length <= maxBytes;
  const header = Buffer.alloc(headerBytes);
  header.writeUInt16BE(query.id, 0);
  header.writeUInt16BE(
    headerFlags.response |
      headerFlags.recursionAvailable |
      (query.flags & (headerFlags.opcode | headerFlags.recursionDesired | headerFlags.checkingDisabled)) |
      flags |
      (fits ? 0 : headerFlags.truncated) |
      (rcode & headerFlags.rcode),
    2,
  );
  header.writeUInt16BE(question.length === 0 ? 0 : 1, 4);
  header.writeUInt16BE(fits ? counts[0] : 0, 6);
  header.writeUInt16BE(fits ? counts[1] : 0, 8);
  header.writeUInt16BE((fits ? counts[2] : 0) + opt.length, 10);
  return Buffer.concat([header, question, ...(fits ? bytes : []), ...opt]);
}

function writeRecord(record: DnsRecord, questionName: string): Buffer {
  const isQuestion = record.name.toLowerCase() === questionName;
  for (const name of namesIn(record)) if (!isName(name)) throw new Error(`Not a DNS name: ${name}`);
  const packet = encode({
    type: 'response',
    answers: [toPacketRecord(isQuestion ? '.' : record.name, record)],
  });
  return isQuestion ? pointedToQuestion(packet) : packet.subarray(headerBytes);
}

type PacketRecord = NonNullable<Parameters<typeof encode>[0]['answers']>[number];

function toPacketRecord(name: string, record: DnsRecord): PacketRecord {
  const { ttl } = record;
  if (record.type === 'TXT' && record.data.some((text) => Buffer.byteLength(text) > 255)) {
    throw new Error(`A text of ${record.name} has more than 255 bytes`);
  }
  if (record.type === 'TXT') return { name, ttl, type: 'TXT', data: [...record.data] };
  return { ...record, name } as PacketRecord;
}

/** A packet with one record of the root, as that record with the question's name: a pointer to right after the header. */
function pointedToQuestion(packet: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0xc0, headerBytes]), packet.subarray(headerBytes + 1)]);
}

function namesIn(record: DnsRecord): readonly string[] {
  switch (record.type) {
    case 'CNAME':
    case 'PTR':
    case 'NS':
      return [record.name, record.data];
    case 'SRV':
      return [record.name, record.data.target];
    case 'SOA':
      return [record.name, record.data.mname, record.data.rname];
    default:
      return [record.name];
  }
}

/** What can be written: the packet library would make a label that is too long into something else. */
export function isName(name: string): boolean {
  return name.length <= 253 && name.split('.').every((label) => /^[!-~]{1,63}$/.test(label));
}
