import {
  ednsFlags,
  headerBytes,
  headerFlags,
  internetClass,
  rcodes,
  readMessage,
  recordTypes,
  type WireMessage,
  type WireRecord,
} from './wire.ts';

/** One question, as somebody asked it. */
export interface Query {
  readonly id: number;
  readonly flags: number;
  /** Lower case; see `WireQuestion`. */
  readonly name: string;
  readonly type: number;
  /** As it came, letters in the case of the asker, which answers repeat. */
  readonly questionBytes: Buffer;
  readonly edns?: Edns;
}

export interface Edns {
  /** The largest answer by UDP, in bytes. */
  readonly udpBytes: number;
  readonly dnssecOk: boolean;
}

/** What can't be answered, with what is to be said instead. */
export interface BadQuery {
  readonly id: number;
  readonly flags: number;
  readonly questionBytes?: Buffer;
  readonly edns?: Edns;
  readonly rcode: number;
}

/** Undefined: answering it could only do harm (it is itself an answer, or shorter than a header). */
export function readQuery(bytes: Buffer): Query | BadQuery | undefined {
  if (bytes.length < headerBytes) return undefined;
  const id = bytes.readUInt16BE(0);
  const flags = bytes.readUInt16BE(2);
  if ((flags & headerFlags.response) !== 0) return undefined;
  if ((flags & headerFlags.opcode) !== 0) return { id, flags, rcode: rcodes.NOTIMP };
  const message = readMessage(bytes);
  if (message?.question === undefined) return { id, flags, rcode: rcodes.FORMERR };
  const { question } = message;
  const questionBytes = Buffer.from(bytes.subarray(headerBytes, question.end));
  const asked = { id, flags, questionBytes };
  const opts = message.records.filter(({ type }) => type === recordTypes.OPT);
  if (opts.length > 1) return { ...asked, rcode: rcodes.FORMERR };
  const edns = opts[0] === undefined ? {} : { edns: readEdns(opts[0]) };
  if (opts[0] !== undefined && ednsVersion(opts[0]) > 0) return { ...asked, ...edns, rcode: rcodes.BADVERS };
  if (question.class !== internetClass || isTransfer(question.type)) {
    return { ...asked, ...edns, rcode: rcodes.REFUSED };
  }
  return { ...asked, ...edns, name: question.name, type: question.type };
}

const isTransfer = (type: number): boolean => type === recordTypes.AXFR || type === recordTypes.IXFR;

const ednsVersion = ({ ttl }: WireRecord): number => (ttl >>> 16) & 0xff;

function readEdns(opt: WireRecord): Edns {
  return { udpBytes: opt.class, dnssecOk: (opt.ttl & ednsFlags.dnssecOk) !== 0 };
}

/** The query that asks somebody else the same: own id, signatures wanted or not as the asker wants, own size. */
export function writeQuery(query: Query, id: number, edns: boolean): Buffer {
  const header = Buffer.alloc(headerBytes);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(headerFlags.recursionDesired | (query.flags & headerFlags.checkingDisabled), 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(edns ? 1 : 0, 10);
  const opt = edns ? [writeOpt(query.edns?.dnssecOk ?? false)] : [];
  return Buffer.concat([header, query.questionBytes, ...opt]);
}

/** Larger messages are cut apart on their way, and parts get lost. */
export const ourUdpBytes = 1232;

export function writeOpt(dnssecOk: boolean, extendedRcode = 0): Buffer {
  const opt = Buffer.alloc(11);
  opt.writeUInt16BE(recordTypes.OPT, 1);
  opt.writeUInt16BE(ourUdpBytes, 3);
  opt.writeUInt8(extendedRcode, 5);
  opt.writeUInt16BE(dnssecOk ? ednsFlags.dnssecOk : 0, 7);
  return opt;
}

/** Whether a message answers a query that was sent, and not one that somebody made up. */
export function answers(message: WireMessage, bytes: Buffer, query: Query, id: number): boolean {
  return (
    message.id === id &&
    (message.flags & (headerFlags.response | headerFlags.opcode)) === headerFlags.response &&
    message.question !== undefined &&
    message.question.end - headerBytes === query.questionBytes.length &&
    message.question.name === query.name &&
    bytes.subarray(message.question.end - 4, message.question.end).equals(query.questionBytes.subarray(-4))
  );
}
