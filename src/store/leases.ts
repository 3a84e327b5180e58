import type { Clock } from '../clock/index.ts';
import { type LeaseId, LeaseNotFoundError } from './store.ts';

/** The leases that are running, with their keys and timers. What ends them durably is the store's. */
export class Leases {
  readonly #clock: Clock;
  readonly #onExpired: (id: LeaseId) => void;
  readonly #leases = new Map<LeaseId, Lease>();
  readonly #leaseOfKey = new Map<string, LeaseId>();

  constructor(clock: Clock, onExpired: (id: LeaseId) => void) {
    this.#clock = clock;
    this.#onExpired = onExpired;
  }

  start(id: LeaseId, ttlMs: number): void {
    const lease: Lease = { ttlMs, keys: new Set(), timer: undefined, isEnding: false };
    this.#leases.set(id, lease);
    this.#restartTimer(id, lease, ttlMs);
  }

  /** @throws {LeaseNotFoundError} it has ended, or is about to. */
  keepAlive(id: LeaseId): void {
    const lease = this.#leases.get(id);
    if (lease === undefined || lease.isEnding) throw leaseNotFound(id);
    this.#restartTimer(id, lease, lease.ttlMs);
  }

  has(id: LeaseId): boolean {
    return this.#leases.has(id);
  }

  /** From now on nobody can keep the lease alive. False when it is unknown or ending already. */
  beginEnd(id: LeaseId): boolean {
    const lease = this.#leases.get(id);
    if (lease === undefined || lease.isEnding) return false;
    lease.isEnding = true;
    lease.timer?.[Symbol.dispose]();
    return true;
  }

  /** The end could not be written: it is tried again after `afterMs`. */
  retryEnd(id: LeaseId, afterMs: number): void {
    const lease = this.#leases.get(id);
    if (lease === undefined) return;
    lease.isEnding = false;
    this.#restartTimer(id, lease, afterMs);
  }

  end(id: LeaseId): void {
    const lease = this.#leases.get(id);
    lease?.timer?.[Symbol.dispose]();
    for (const key of lease?.keys ?? []) this.#leaseOfKey.delete(key);
    this.#leases.delete(id);
  }

  /** Ties the key to the lease; to none when undefined. */
  attach(key: string, id: LeaseId | undefined): void {
    const before = this.#leaseOfKey.get(key);
    if (before === id) return;
    if (before !== undefined) this.#leases.get(before)?.keys.delete(key);
    if (id === undefined) this.#leaseOfKey.delete(key);
    else this.#leaseOfKey.set(key, id);
    if (id !== undefined) this.#leases.get(id)?.keys.add(key);
  }

  keysOf(id: LeaseId): ReadonlySet<string> {
    return this.#leases.get(id)?.keys ?? new Set();
  }

  close(): void {
    for (const lease of this.#leases.values()) lease.timer?.[Symbol.dispose]();
  }

  #restartTimer(id: LeaseId, lease: Lease, ttlMs: number): void {
    lease.timer?.[Symbol.dispose]();
    lease.timer = this.#clock.after(ttlMs, () => this.#onExpired(id));
  }
}

interface Lease {
  readonly ttlMs: number;
  readonly keys: Set<string>;
  timer: Disposable | undefined;
  isEnding: boolean;
}

export function leaseNotFound(id: LeaseId): LeaseNotFoundError {
  return new LeaseNotFoundError(`Lease ${id} has expired or was revoked`);
}

export function leaseId(number: number): LeaseId {
  return `${leasePrefix}${number}` as LeaseId;
}

export function leaseNumber(id: LeaseId): number {
  return Number(id.slice(leasePrefix.length));
}

const leasePrefix = 'lease-';
