import type { Clock, Random } from '../../clock/index.ts';
import { AnswerCache, type CachedAnswer, ttlOf } from './answer-cache.ts';
import { ask, type Told } from './exchange.ts';
import type { Query } from './query.ts';
import { ResolverFile, type UpstreamServer } from './resolver-file.ts';
import type { RelayedAnswer } from './response.ts';
import { headerFlags, rcodes, recordTypes, typeName } from './wire.ts';

export interface ForwarderOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Where the machine's resolvers are named. Default `/etc/resolv.conf`. */
  readonly resolverFile?: string;
  /** Who is asked instead of those that the file names. */
  readonly servers?: readonly UpstreamServer[];
  /** Default 4 MiB. */
  readonly maxCacheBytes?: number;
}

/** Each server gets so long, in every round; a client of the C library gives up after 5 s. */
const roundsMs: readonly number[] = [1_000, 1_500];
const longestMs = 4_500;
/** Each takes a socket. */
const maxAsking = 256;

/**
 * Asks the resolvers of this machine what isn't known here, and remembers what they said. A question that is being asked
 * is asked once, however many wait for it; one forwarder serves all the VPCs of a machine, for the world's names are the
 * same in each.
 */
export class Forwarder implements Disposable {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #servers: () => readonly UpstreamServer[];
  readonly #cache: AnswerCache;
  readonly #asking = new Map<string, Promise<CachedAnswer | undefined>>();
  readonly #closing = new AbortController();

  constructor(options: ForwarderOptions) {
    const {
      clock,
      random,
      resolverFile = '/etc/resolv.conf',
      servers,
      maxCacheBytes = 4 * 2 ** 20,
    } = options;
    this.#clock = clock;
    this.#random = random;
    const file = new ResolverFile(resolverFile, clock);
    this.#servers = servers === undefined ? () => file.servers() : () => servers;
    this.#cache = new AnswerCache(maxCacheBytes);
  }

  /** What is remembered and still holds. */
  remembered(query: Query): CachedAnswer | undefined {
    return this.#cache.get(keyOf(query), this.#clock.monotonic());
  }

  /** Undefined: nobody answered in bounded time, or too much is being asked already. */
  async ask(query: Query): Promise<CachedAnswer | undefined> {
    const key = keyOf(query);
    const already = this.#asking.get(key);
    if (already !== undefined) return already;
    if (this.#asking.size >= maxAsking || this.#closing.signal.aborted) return undefined;
    const asked = this.#askServers(query, key).finally(() => this.#asking.delete(key));
    this.#asking.set(key, asked);
    return asked;
  }

  /** Ends what is being asked; nothing is asked any more. */
  [Symbol.dispose](): void {
    this.#closing.abort();
  }

  async #askServers(query: Query, key: string): Promise<CachedAnswer | undefined> {
    const startedMs = this.#clock.monotonic();
    /** Servers from before RFC 6891 refuse what they don't know. */
    const withoutEdns = new Set<string>();
    for (const roundMs of roundsMs) {
      for (const server of this.#servers()) {
        const leftMs = longestMs - (this.#clock.monotonic() - startedMs);
        if (leftMs <= 0 || this.#closing.signal.aborted) return undefined;
        const told = await this.#askServer(query, server, Math.min(roundMs, leftMs), withoutEdns);
        if (told !== undefined) return this.#remember(key, told);
      }
    }
    return undefined;
  }

  async #askServer(
    query: Query,
    server: UpstreamServer,
    timeoutMs: number,
    withoutEdns: Set<string>,
  ): Promise<Told | undefined> {
    const id = Buffer.from(this.#random.bytes(2)).readUInt16BE(0);
    const edns = !withoutEdns.has(server.address);
    const { signal } = this.#closing;
    const told = await ask({ query, server, id, edns, timeoutMs, clock: this.#clock, signal });
    const rcode = told === undefined ? undefined : rcodeOf(told);
    if (rcode === rcodes.NOERROR || rcode === rcodes.NXDOMAIN) return told;
    if (edns && (rcode === rcodes.FORMERR || rcode === rcodes.NOTIMP)) {
      withoutEdns.add(server.address);
      return this.#askServer(query, server, timeoutMs, withoutEdns);
    }
    return undefined;
  }

  #remember(key: string, { message, bytes }: Told): CachedAnswer {
    const answer = withoutOpt({ message, bytes });
    this.#cache.set(key, answer, ttlOf(message, bytes), this.#clock.monotonic());
    return { answer, ageSeconds: 0 };
  }
}

function keyOf({ name, type, flags, edns }: Query): string {
  const wants = `${edns?.dnssecOk === true ? '+do' : ''}${(flags & headerFlags.checkingDisabled) === 0 ? '' : '+cd'}`;
  return `${name} ${typeName(type)} ${wants}`;
}

function rcodeOf({ message }: Told): number {
  const opt = message.records.find(({ type }) => type === recordTypes.OPT);
  return (message.flags & headerFlags.rcode) | (((opt?.ttl ?? 0) >>> 24) << 4);
}

/**
 * An OPT is between two neighbours, and each asker gets one of ours or none. It stands at the end; what follows it all
 * the same, being additional, is cut with it.
 */
function withoutOpt({ message, bytes }: Told): RelayedAnswer {
  const { records, question } = message;
  const at = records.findIndex(({ type }) => type === recordTypes.OPT);
  const kept = at === -1 ? records : records.slice(0, at);
  const questionEnd = question?.end ?? 0;
  const cut = Buffer.from(bytes.subarray(0, kept.at(-1)?.end ?? questionEnd));
  cut.writeUInt16BE(kept.filter(({ section }) => section === 'additional').length, 10);
  for (const [section, offset] of [
    ['answer', 6],
    ['authority', 8],
  ] as const) {
    cut.writeUInt16BE(kept.filter((record) => record.section === section).length, offset);
  }
  return { message: cut, questionEnd, ttlOffsets: kept.map(({ ttlOffset }) => ttlOffset) };
}
