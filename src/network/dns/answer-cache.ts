import type { RelayedAnswer } from './response.ts';
import { headerFlags, rcodes, recordTypes, type WireMessage } from './wire.ts';

export interface CachedAnswer {
  readonly answer: RelayedAnswer;
  readonly ageSeconds: number;
}

interface Entry {
  readonly answer: RelayedAnswer;
  readonly storedMs: number;
  readonly expiresMs: number;
  readonly bytes: number;
}

/** Beyond the message itself, what an entry takes. */
const overheadBytes = 400;

/** What the world answered, until its time is over; beyond a size, what was asked for longest ago goes first. */
export class AnswerCache {
  readonly #entries = new Map<string, Entry>();
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string, nowMs: number): CachedAnswer | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (entry.expiresMs <= nowMs) {
      this.#delete(key, entry);
      return undefined;
    }
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return { answer: entry.answer, ageSeconds: Math.floor((nowMs - entry.storedMs) / 1000) };
  }

  set(key: string, answer: RelayedAnswer, ttlSeconds: number, nowMs: number): void {
    const present = this.#entries.get(key);
    if (present !== undefined) this.#delete(key, present);
    const bytes = answer.message.length + key.length * 2 + overheadBytes;
    if (ttlSeconds <= 0 || bytes > this.#maxBytes) return;
    this.#entries.set(key, { answer, storedMs: nowMs, expiresMs: nowMs + ttlSeconds * 1000, bytes });
    this.#bytes += bytes;
    for (const [oldest, entry] of this.#entries) {
      if (this.#bytes <= this.#maxBytes) break;
      this.#delete(oldest, entry);
    }
  }

  #delete(key: string, { bytes }: Entry): void {
    this.#entries.delete(key);
    this.#bytes -= bytes;
  }
}

const longestSeconds = 86_400;
/** RFC 2308, section 5: more than hours are a nuisance. */
const longestNegativeSeconds = 900;

/**
 * How long an answer holds: as long as its shortest TTL, and when the name or type isn't there, as long as the zone's
 * SOA says; 0 when nothing says so, when it was cut off, or when it is a failure.
 */
export function ttlOf({ flags, records }: WireMessage, bytes: Buffer): number {
  const rcode = flags & headerFlags.rcode;
  if ((flags & headerFlags.truncated) !== 0) return 0;
  if (rcode !== rcodes.NOERROR && rcode !== rcodes.NXDOMAIN) return 0;
  const shown = records.filter(({ section }) => section !== 'additional');
  const isPositive = rcode === rcodes.NOERROR && records.some(({ section }) => section === 'answer');
  const soa = shown.find(({ section, type }) => section === 'authority' && type === recordTypes.SOA);
  const ends = isPositive ? [longestSeconds] : [soa === undefined ? 0 : longestNegativeSeconds];
  if (!isPositive && soa !== undefined && soa.end - soa.ttlOffset >= 26)
    ends.push(bytes.readUInt32BE(soa.end - 4));
  // A TTL with its highest bit set counts as none (RFC 2181, section 8).
  for (const { ttl } of shown) ends.push(ttl > 0x7fff_ffff ? 0 : ttl);
  return Math.min(...ends);
}
