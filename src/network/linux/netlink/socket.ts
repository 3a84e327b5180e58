import assert from 'node:assert/strict';
import { NetworkError } from '../../network.ts';
import { errnoName } from '../errno.ts';
import { c, check, lastErrno } from '../ffi.ts';
import type { Namespace } from '../namespace.ts';
import { aligned, encode, flags, headerBytes, type Request } from './message.ts';

const family = 16; // AF_NETLINK
const rawCloseOnExec = 3 | 0o2_000_000; // SOCK_RAW | SOCK_CLOEXEC
const errorType = 2;
const doneType = 3;
/** NLMSG_DONE and errors tell in 4 bytes; dumps of the kernel come in pieces of up to 32 KiB. */
const receiveBytes = 256 * 1024;
/** Of whatever socket is being read: that never waits. */
const answer = Buffer.allocUnsafe(receiveBytes);
/** Well below what a socket's buffer takes: the acknowledgements of one batch have to fit there too. */
const mostPerBatch = 100;

const answerSeconds = 5n;

/** What a call of the kernel's went wrong with. */
interface Failure {
  readonly request: Request;
  readonly errno: string;
}

/**
 * A netlink socket. It belongs to the namespace it was opened in for good, whatever thread uses it. Requests are
 * carried out within the call: the kernel answers before `send` comes back.
 */
export class NetlinkSocket implements Disposable {
  readonly #fd: number;
  readonly #where: string;
  #sequence = 1;
  #requests = 0;
  #isClosed = false;
  /** Requests that are with another thread: the socket stays open for them. */
  #pending = 0;

  /** @param protocol 0 for links, addresses and routes (NETLINK_ROUTE), 12 for NETLINK_NETFILTER. */
  constructor(namespace: Namespace, protocol = 0) {
    this.#where = namespace.path;
    this.#fd = namespace.run(() =>
      check(c.socket(family, rawCloseOnExec, protocol), 'open a netlink socket'),
    );
    // An answer is there at once; one that is missing must not hold the process up.
    const timeout = Buffer.alloc(16);
    timeout.writeBigInt64LE(answerSeconds);
    check(c.setsockopt(this.#fd, 1, 20, timeout, timeout.length), 'set how long a netlink socket waits');
  }

  /** How many requests that change something were sent so far. */
  get requests(): number {
    return this.#requests;
  }

  /**
   * Carries out requests in order; one that fails does not keep the next ones from being tried.
   * @throws {NetworkError} names all that failed, those left out that were so already.
   */
  batch(requests: readonly Request[]): void {
    const failures: Failure[] = [];
    for (let at = 0; at < requests.length; at += mostPerBatch) {
      failures.push(...this.#carryOut(requests.slice(at, at + mostPerBatch)));
    }
    if (failures.length > 0) throw this.#errorOf(failures);
  }

  /**
   * One request on a thread of the pool, for what makes the kernel wait: taking links away. The socket must not be
   * used for anything else meanwhile. @throws {NetworkError}
   */
  async later(request: Request): Promise<void> {
    const sequence = this.#sequence++;
    const message = encode(request, sequence);
    this.#requests += 1;
    this.#pending += 1;
    try {
      await new Promise<void>((resolve, reject) => {
        c.send.async(this.#fd, message, message.length, 0, (error: unknown, sent: number) => {
          if (error === null && sent === message.length) resolve();
          else reject(new NetworkError(`Cannot ${request.what} in ${this.#where}`, { cause: error }));
        });
      });
      const failures = this.#acknowledgements([request], sequence);
      if (failures.length > 0) throw this.#errorOf(failures);
    } finally {
      this.#pending -= 1;
      if (this.#isClosed && this.#pending === 0) c.close(this.#fd);
    }
  }

  /** Everything of one kind, or the one answer to a question. @throws {NetworkError} */
  read(type: number, body: Buffer, what: string, extraFlags: number = flags.dump): Buffer[] {
    // A dump that was disturbed by a change is marked as such, and so is not taken for the truth.
    for (let attempt = 0; ; attempt += 1) {
      const { bodies, wasInterrupted } = this.#read(type, body, what, extraFlags);
      if (!wasInterrupted || attempt === 4) return bodies;
    }
  }

  [Symbol.dispose](): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#pending === 0) c.close(this.#fd);
  }

  #carryOut(requests: readonly Request[]): Failure[] {
    const first = this.#sequence;
    this.#sequence += requests.length;
    this.#requests += requests.length;
    const message = Buffer.concat(requests.map((request, index) => encode(request, first + index)));
    this.#send(message, requests[0]?.what ?? '');
    return this.#acknowledgements(requests, first);
  }

  #acknowledgements(requests: readonly Request[], first: number): Failure[] {
    const failures: Failure[] = [];
    for (let left = requests.length; left > 0; ) {
      for (const { type, sequence, body } of this.#receive(requests[0]?.what ?? '')) {
        const request = requests[sequence - first];
        if (type !== errorType || request === undefined) continue;
        left -= 1;
        const number = -body.readInt32LE(0);
        if (number === 0) continue;
        const errno = errnoName(number);
        if (!request.alreadySo.includes(errno)) failures.push({ request, errno });
      }
    }
    return failures;
  }

  #read(
    type: number,
    body: Buffer,
    what: string,
    extraFlags: number,
  ): { bodies: Buffer[]; wasInterrupted: boolean } {
    const sequence = this.#sequence++;
    const header = Buffer.alloc(headerBytes);
    header.writeUInt32LE(headerBytes + body.length, 0);
    header.writeUInt16LE(type, 4);
    header.writeUInt16LE(flags.request | extraFlags, 6);
    header.writeUInt32LE(sequence, 8);
    this.#send(Buffer.concat([header, body, Buffer.alloc(aligned(body.length) - body.length)]), what);
    const bodies: Buffer[] = [];
    let wasInterrupted = false;
    for (;;) {
      for (const message of this.#receive(what)) {
        if (message.sequence !== sequence) continue;
        if ((message.flags & 0x10) !== 0) wasInterrupted = true;
        if (message.type === doneType) return { bodies, wasInterrupted };
        if (message.type === errorType) {
          const number = -message.body.readInt32LE(0);
          if (number === 0) return { bodies, wasInterrupted };
          throw new NetworkError(`Cannot ${what} in ${this.#where}: ${errnoName(number)}`);
        }
        bodies.push(Buffer.from(message.body));
        if ((message.flags & flags.multi) === 0) return { bodies, wasInterrupted };
      }
    }
  }

  #send(message: Buffer, what: string): void {
    // The number may be another file's by now.
    assert(!this.#isClosed, `The netlink socket of ${this.#where} is closed`);
    if (Number(c.send(this.#fd, message, message.length, 0)) !== message.length) {
      throw new NetworkError(`Cannot ${what} in ${this.#where}: ${lastErrno()}`);
    }
  }

  /** The messages of one datagram. They are good until the next call. */
  *#receive(what: string): Generator<{ type: number; flags: number; sequence: number; body: Buffer }> {
    const length = Number(c.recv(this.#fd, answer, receiveBytes, 0));
    if (length < 0) throw new NetworkError(`Cannot ${what} in ${this.#where}: ${lastErrno()}`);
    for (let at = 0; at + headerBytes <= length; ) {
      const size = answer.readUInt32LE(at);
      if (size < headerBytes) return;
      yield {
        type: answer.readUInt16LE(at + 4),
        flags: answer.readUInt16LE(at + 6),
        sequence: answer.readUInt32LE(at + 8),
        body: answer.subarray(at + headerBytes, at + size),
      };
      at += aligned(size);
    }
  }

  #errorOf(failures: readonly Failure[]): NetworkError {
    const told = failures.slice(0, 5).map(({ request, errno }) => `${request.what}: ${errno}`);
    const more = failures.length > told.length ? ` and ${failures.length - told.length} more` : '';
    return new NetworkError(`Cannot do in ${this.#where}: ${told.join('; ')}${more}`);
  }
}
