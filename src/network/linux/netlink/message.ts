import { ipv4Number } from '../../../topology/index.ts';

/** Netlink messages: a header, a fixed part by type, then attributes that may hold others. Host byte order. */
export interface Request {
  readonly type: number;
  /** Beside NLM_F_REQUEST and NLM_F_ACK. */
  readonly flags: number;
  readonly body: Buffer;
  /** What it is to do, for messages: `add the link e4711`. */
  readonly what: string;
  /** Names of errors that mean that it is so already. */
  readonly alreadySo: readonly string[];
}

export const flags = {
  request: 0x1,
  multi: 0x2,
  acknowledge: 0x4,
  dump: 0x300,
  replace: 0x100,
  exclusive: 0x200,
  create: 0x400,
} as const;

export const headerBytes = 16;

export function encode({ type, flags: own, body }: Request, sequence: number): Buffer {
  const header = Buffer.alloc(headerBytes);
  header.writeUInt32LE(headerBytes + body.length, 0);
  header.writeUInt16LE(type, 4);
  header.writeUInt16LE(own | flags.request | flags.acknowledge, 6);
  header.writeUInt32LE(sequence, 8);
  return Buffer.concat([header, body, Buffer.alloc(padding(body.length))]);
}

/** The room that `length` bytes take, in fours. */
export function aligned(length: number): number {
  return (length + 3) & ~3;
}

function padding(length: number): number {
  return aligned(length) - length;
}

/** An attribute; an array holds others. */
export function attribute(type: number, value: Buffer | readonly Buffer[]): Buffer {
  const content = Buffer.isBuffer(value) ? value : Buffer.concat(value);
  const bytes = Buffer.alloc(aligned(4 + content.length));
  bytes.writeUInt16LE(4 + content.length, 0);
  bytes.writeUInt16LE(type, 2);
  content.copy(bytes, 4);
  return bytes;
}

export function uint8(value: number): Buffer {
  return Buffer.from([value]);
}

export function uint16BigEndian(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

export function text(value: string): Buffer {
  return Buffer.from(`${value}\0`);
}

export function ipv4(address: string): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(ipv4Number(address));
  return bytes;
}

export function mac(address: string): Buffer {
  return Buffer.from(address.replaceAll(':', ''), 'hex');
}

/** Attributes by type, from a place in a message on. */
export class Attributes {
  readonly #values = new Map<number, Buffer>();

  constructor(bytes: Buffer, offset = 0) {
    for (let at = offset; at + 4 <= bytes.length; ) {
      const length = bytes.readUInt16LE(at);
      if (length < 4) break;
      // The two highest bits say how it is encoded.
      this.#values.set(bytes.readUInt16LE(at + 2) & 0x3fff, bytes.subarray(at + 4, at + length));
      at += aligned(length);
    }
  }

  bytes(type: number): Buffer | undefined {
    return this.#values.get(type);
  }

  within(type: number): Attributes {
    return new Attributes(this.#values.get(type) ?? Buffer.alloc(0));
  }

  text(type: number): string | undefined {
    return this.#values.get(type)?.toString('utf8').replace(/\0.*$/s, '');
  }

  uint32(type: number): number | undefined {
    return this.#values.get(type)?.readUInt32LE(0);
  }

  int32(type: number): number | undefined {
    return this.#values.get(type)?.readInt32LE(0);
  }

  ipv4(type: number): string | undefined {
    const bytes = this.#values.get(type);
    return bytes?.length === 4 ? bytes.join('.') : undefined;
  }

  mac(type: number): string | undefined {
    const bytes = this.#values.get(type);
    return bytes === undefined ? undefined : macText(bytes);
  }
}

function macText(bytes: Buffer): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':');
}
