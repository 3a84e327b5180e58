/**
 * DNS messages as bytes (RFC 1035, section 4): where things are in them, without turning them into something else, so
 * that what passes through stays what it was. Nothing here trusts a message: what doesn't parse is undefined.
 */
export interface WireMessage {
  readonly id: number;
  readonly flags: number;
  readonly questions: number;
  /** The only one; absent when there is none or more. */
  readonly question?: WireQuestion;
  readonly records: readonly WireRecord[];
}

export interface WireQuestion {
  /** Lower case. Bytes that are no printable ASCII, and dots within a label, stand as `\DDD`. */
  readonly name: string;
  readonly type: number;
  readonly class: number;
  /** Offset after the question; it starts after the header. */
  readonly end: number;
}

export interface WireRecord {
  readonly section: 'answer' | 'authority' | 'additional';
  readonly type: number;
  readonly class: number;
  /** The TTL; for OPT what stands in its place (RFC 6891). */
  readonly ttl: number;
  readonly start: number;
  readonly ttlOffset: number;
  readonly end: number;
}

export const headerBytes = 12;

/** Undefined: cut off, or not a message. Bytes after the last record are left alone. */
export function readMessage(bytes: Buffer): WireMessage | undefined {
  if (bytes.length < headerBytes) return undefined;
  const questions = bytes.readUInt16BE(4);
  const header = { id: bytes.readUInt16BE(0), flags: bytes.readUInt16BE(2), questions };
  let offset = headerBytes;
  let question: WireQuestion | undefined;
  if (questions === 1) {
    question = readQuestion(bytes);
    if (question === undefined) return undefined;
    offset = question.end;
  } else if (questions > 1) {
    return { ...header, records: [] };
  }
  const records = readRecords(bytes, offset);
  if (records === undefined) return undefined;
  return { ...header, ...(question === undefined ? {} : { question }), records };
}

/** Names in questions are written out: there is nothing before them to point to. */
function readQuestion(bytes: Buffer): WireQuestion | undefined {
  const labels: string[] = [];
  let offset = headerBytes;
  for (;;) {
    const length = bytes[offset];
    if (length === undefined || length > 63 || offset - headerBytes + length > 253) return undefined;
    offset += 1;
    if (length === 0) break;
    if (offset + length > bytes.length) return undefined;
    labels.push(labelText(bytes.subarray(offset, offset + length)));
    offset += length;
  }
  if (offset + 4 > bytes.length) return undefined;
  return {
    name: labels.join('.'),
    type: bytes.readUInt16BE(offset),
    class: bytes.readUInt16BE(offset + 2),
    end: offset + 4,
  };
}

function labelText(label: Buffer): string {
  const text = label.toString('latin1').toLowerCase();
  if (/^[a-z0-9_-]+$/.test(text)) return text;
  return text.replace(/[^!-~]|[.\\]/g, (char) => `\\${String(char.charCodeAt(0)).padStart(3, '0')}`);
}

function readRecords(bytes: Buffer, from: number): WireRecord[] | undefined {
  const records: WireRecord[] = [];
  let offset = from;
  for (const [section, countOffset] of sections) {
    for (let left = bytes.readUInt16BE(countOffset); left > 0; left -= 1) {
      const start = offset;
      const name = endOfName(bytes, offset);
      if (name === undefined || name + 10 > bytes.length) return undefined;
      const end = name + 10 + bytes.readUInt16BE(name + 8);
      if (end > bytes.length) return undefined;
      records.push({
        section,
        type: bytes.readUInt16BE(name),
        class: bytes.readUInt16BE(name + 2),
        ttl: bytes.readUInt32BE(name + 4),
        start,
        ttlOffset: name + 4,
        end,
      });
      offset = end;
    }
  }
  return records;
}

const sections = [
  ['answer', 6],
  ['authority', 8],
  ['additional', 10],
] as const;

function endOfName(bytes: Buffer, from: number): number | undefined {
  let offset = from;
  for (;;) {
    const length = bytes[offset];
    if (length === undefined) return undefined;
    if (length === 0) return offset + 1;
    if (length >= 0xc0) return offset + 2;
    if (length > 63) return undefined;
    offset += length + 1;
  }
}

export const recordTypes = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  OPT: 41,
  IXFR: 251,
  AXFR: 252,
  ANY: 255,
} as const;

const typeNames = new Map<number, string>(Object.entries(recordTypes).map(([name, type]) => [type, name]));

/** `A`, …; `TYPE65` for those that have no name here (RFC 3597). */
export function typeName(type: number): string {
  return typeNames.get(type) ?? `TYPE${type}`;
}

/** Classes; the others are history. */
export const internetClass = 1;

/** Response codes (RFC 1035; BADVERS RFC 6891). */
export const rcodes = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  BADVERS: 16,
} as const;

/** Flags of a header. */
export const headerFlags = {
  response: 0x8000,
  opcode: 0x7800,
  authoritative: 0x0400,
  truncated: 0x0200,
  recursionDesired: 0x0100,
  recursionAvailable: 0x0080,
  checkingDisabled: 0x0010,
  rcode: 0x000f,
} as const;

/** In an OPT's TTL: the version's byte, and whether signatures are wanted. */
export const ednsFlags = { dnssecOk: 0x8000 } as const;
