import type { WebSocket } from 'ws';
import type { Clock } from '../clock/index.ts';
import type { Collection, RecordKey, State } from '../reconcile/index.ts';
import { ackType, type RecordEntry, type RecordsMessage, recordsType } from './record-frames.ts';

/** Of what a machine follows. */
// biome-ignore lint/suspicious/noExplicitAny: collections of any records, whose indexes nobody asks here.
export type FollowedCollection = Collection<any, string>;

/** What a feed needs of a WebSocket that is open. */
export type FeedSocket = Pick<WebSocket, 'on' | 'send' | 'ping' | 'terminate'>;

const recordsPerFrame = 500;
/** The other side gives a link up on which nothing comes for one to two minutes. */
const pingMs = 30_000;
/** A message that is not acknowledged in this time never will be: the machine begins anew. */
const ackMs = 60_000;

export interface RecordFeedOptions {
  readonly state: State;
  readonly collections: readonly FollowedCollection[];
  readonly socket: FeedSocket;
  readonly clock: Clock;
  /** Ends the feed when it aborts. */
  readonly signal: AbortSignal;
  readonly onClose: () => void;
}

/** Tells one machine of all records of some collections, from now on until its socket closes. */
export function openRecordFeed(options: RecordFeedOptions): void {
  new RecordFeed(options).start();
}

class RecordFeed {
  readonly #options: RecordFeedOptions;
  readonly #ending = new DisposableStack();
  /** Keys to be told of, with their collections. */
  readonly #changed = new Map<RecordKey, FollowedCollection>();
  /** What of everything is still to be told. */
  #rest: [RecordKey, FollowedCollection][] | undefined;
  #unacknowledged: Disposable | undefined;
  #isHeard = true;
  #isClosed = false;

  constructor(options: RecordFeedOptions) {
    this.#options = options;
  }

  start(): void {
    const { state, collections, socket, clock, signal } = this.#options;
    socket.on('message', (data) => this.#receive(String(data)));
    socket.on('pong', () => {
      this.#isHeard = true;
    });
    socket.on('error', () => socket.terminate());
    socket.on('close', () => this.#close());
    const onAbort = (): void => socket.terminate();
    signal.addEventListener('abort', onAbort);
    this.#ending.defer(() => signal.removeEventListener('abort', onAbort));
    if (signal.aborted) {
      onAbort();
      return;
    }
    for (const collection of collections) {
      this.#ending.use(
        state.subscribe(collection, ({ key }) => {
          this.#changed.set(key, collection);
          // Once the whole commit was told of.
          void Promise.resolve().then(() => this.#send());
        }),
      );
    }
    this.#rest = collections.flatMap((collection) =>
      [...state.list(collection)].map(({ key }): [RecordKey, FollowedCollection] => [key, collection]),
    );
    const beat = (): void => {
      if (!this.#isHeard) socket.terminate();
      this.#isHeard = false;
      socket.ping();
      beating = clock.after(pingMs, beat);
    };
    let beating = clock.after(pingMs, beat);
    this.#ending.defer(() => beating[Symbol.dispose]());
    this.#send();
  }

  #receive(text: string): void {
    this.#isHeard = true;
    if (this.#unacknowledged === undefined || !text.includes(`"${ackType}"`)) return;
    this.#unacknowledged[Symbol.dispose]();
    this.#unacknowledged = undefined;
    this.#send();
  }

  #send(): void {
    if (this.#unacknowledged !== undefined || this.#isClosed) return;
    const message = this.#nextPage() ?? this.#nextChange();
    if (message === undefined) return;
    const { socket, clock } = this.#options;
    this.#unacknowledged = clock.after(ackMs, () => socket.terminate());
    socket.send(JSON.stringify({ type: recordsType, message }));
  }

  #nextPage(): RecordsMessage | undefined {
    if (this.#rest === undefined) return undefined;
    const { state } = this.#options;
    const records = this.#rest.splice(0, recordsPerFrame).flatMap(([key, collection]): RecordEntry[] => {
      const value = state.get(collection, key);
      return value === undefined ? [] : [[key, value]];
    });
    const part = this.#rest.length === 0 ? 'last-page' : 'page';
    if (part === 'last-page') this.#rest = undefined;
    return { records, part };
  }

  /** All that changed is told at once: a machine never sees half of a commit. */
  #nextChange(): RecordsMessage | undefined {
    if (this.#changed.size === 0) return undefined;
    const { state } = this.#options;
    const records = [...this.#changed].map(
      ([key, collection]): RecordEntry => [key, state.get(collection, key) ?? null],
    );
    this.#changed.clear();
    return { records, part: 'change' };
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#unacknowledged?.[Symbol.dispose]();
    this.#ending[Symbol.dispose]();
    this.#options.onClose();
  }
}
