import { readFileSync, statSync } from 'node:fs';
import { isIP } from 'node:net';
import type { Clock } from '../../clock/index.ts';

export interface UpstreamServer {
  readonly address: string;
  readonly port: number;
}

/** As many as the C library asks (`MAXNS`). */
const maxServers = 3;
const lookAgainMs = 2_000;

/** The resolvers of this machine, as its `resolv.conf` names them now. */
export class ResolverFile {
  readonly #path: string;
  readonly #clock: Pick<Clock, 'monotonic'>;
  #servers: readonly UpstreamServer[] = [];
  #version: string | undefined;
  #lookedMs = Number.NEGATIVE_INFINITY;

  constructor(path: string, clock: Pick<Clock, 'monotonic'>) {
    this.#path = path;
    this.#clock = clock;
  }

  /** The file is looked at again after some seconds, and read again when it is another. A file that is gone names none. */
  servers(): readonly UpstreamServer[] {
    const nowMs = this.#clock.monotonic();
    if (nowMs - this.#lookedMs < lookAgainMs) return this.#servers;
    this.#lookedMs = nowMs;
    const version = this.#readVersion();
    if (version === this.#version && version !== undefined) return this.#servers;
    this.#version = version;
    this.#servers = version === undefined ? [] : readServers(this.#read());
    return this.#servers;
  }

  #readVersion(): string | undefined {
    const stat = statSync(this.#path, { throwIfNoEntry: false, bigint: true });
    return stat === undefined ? undefined : `${stat.ino} ${stat.mtimeNs} ${stat.size}`;
  }

  #read(): string {
    try {
      return readFileSync(this.#path, 'utf8');
    } catch {
      // Gone or unreadable since: the same as naming none, until the next look.
      this.#version = undefined;
      return '';
    }
  }
}

/** The name servers of a `resolv.conf` (resolv.conf(5)). */
export function readServers(text: string): readonly UpstreamServer[] {
  const addresses = text
    .split('\n')
    .map((line) => /^\s*nameserver\s+(\S+)/.exec(line)?.[1] ?? '')
    .filter((address) => isIP(address.replace(/%.*$/, '')) !== 0);
  return addresses.slice(0, maxServers).map((address) => ({ address, port: 53 }));
}
