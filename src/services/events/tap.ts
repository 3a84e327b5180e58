import { type Clock, type Random, uuid } from '../../clock/index.ts';
import type { Log } from '../../log.ts';
import { kindName, kindOfKey, type RecordKey } from '../../reconcile/index.ts';
import {
  CompactedError,
  type Store,
  StoreClosedError,
  type Watch,
  type WatchBatch,
} from '../../store/index.ts';
import { envelope, type UnloggedEvent } from './event.ts';
import type { EventLog } from './log/index.ts';
import type { EventSource } from './source.ts';

export interface TapOptions {
  readonly store: Store;
  readonly log: EventLog;
  readonly sources: readonly EventSource[];
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Log;
}

const pageLength = 1_000;
/** How long changes that are no events may go without the cursor being moved past them. */
const cursorRestMs = 60_000;
const retryMs = 5_000;
/** Turns of the event loop: moments when there is little to do, and many events in one write when there is much. */
const turnsToGather = 8;

/**
 * Makes events of committed changes. It follows the store from the revision that the log's cursor names, with the
 * records as they were then, and writes events and cursor together: a process that ends at any line has told each
 * change exactly once when it is back. Only history that the store has forgotten meanwhile is lost, and that is said.
 */
export class EventTap implements Disposable {
  readonly #options: TapOptions;
  readonly #sources: ReadonlyMap<string, EventSource>;
  #seen = new Map<string, unknown>();
  #watch: Watch | undefined;
  #revision = 0;
  #told: UnloggedEvent[] = [];
  #flush: NodeJS.Immediate | undefined;
  #rest: Disposable | undefined;
  #retry: Disposable | undefined;
  #isClosed = false;

  constructor(options: TapOptions) {
    this.#options = options;
    this.#sources = new Map(
      options.sources.map((source) => [kindName(source.collection.service, source.collection.noun), source]),
    );
  }

  /** Resolves when the records of the cursor's revision are known and the store is followed from there. */
  async start(): Promise<void> {
    const { store, log, logger } = this.#options;
    const head = await store.revision();
    const cursor = log.cursor ?? 0;
    try {
      if (cursor > head) throw new CompactedError(head);
      await this.#follow(cursor);
    } catch (error) {
      if (!(error instanceof CompactedError)) throw error;
      if (log.cursor !== undefined)
        logger.warn(
          'Events were lost: the store has forgotten the changes since the last one that was told',
          {
            from: cursor,
            to: head,
          },
        );
      await this.#follow(head);
    }
  }

  [Symbol.dispose](): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#watch?.[Symbol.dispose]();
    this.#retry?.[Symbol.dispose]();
    this.#write();
  }

  async #follow(revision: number): Promise<void> {
    this.#seen = revision === 0 ? new Map() : await this.#recordsAt(revision);
    if (this.#isClosed) return;
    this.#revision = revision;
    this.#watch = this.#options.store.watch('', revision + 1, {
      onBatch: (batch) => this.#take(batch),
      onError: (error) => this.#restart(error),
    });
  }

  async #recordsAt(revision: number): Promise<Map<string, unknown>> {
    const records = new Map<string, unknown>();
    for (let after: string | undefined, more = true; more; ) {
      const page = await this.#options.store.read('', {
        limit: pageLength,
        revision,
        ...(after === undefined ? {} : { after }),
      });
      for (const { key, value } of page.entries) if (this.#sourceOf(key)) records.set(key, value);
      after = page.entries.at(-1)?.key;
      more = page.more && after !== undefined;
    }
    return records;
  }

  #take({ revision, changes }: WatchBatch): void {
    for (const change of changes) {
      const { key } = change;
      const source = this.#sourceOf(key);
      if (source === undefined) continue;
      const before = this.#seen.get(key);
      if (change.type === 'delete') this.#seen.delete(key);
      else {
        this.#seen.set(key, change.entry.value);
        this.#tell(source, key as RecordKey, before, change.entry.value);
      }
    }
    this.#revision = revision;
    if (this.#told.length > 0) this.#flush ??= this.#writeSoon(turnsToGather);
    else this.#rest ??= this.#options.clock.after(cursorRestMs, () => this.#write());
  }

  #tell({ eventsOf }: EventSource, key: RecordKey, before: unknown, after: unknown): void {
    const { clock, random, logger } = this.#options;
    const [, , accountId = '', region = ''] = key.split('/', 4);
    const scope = { accountId, region };
    try {
      for (const event of eventsOf({ key, scope, before, after, now: clock.now() }))
        this.#told.push(envelope(event, scope, uuid(random)));
    } catch (error) {
      // A record that can't be told must not silence those after it.
      logger.error('Cannot make events of a change', { key, error });
    }
  }

  #writeSoon(turns: number): NodeJS.Immediate {
    return setImmediate(() => {
      if (turns > 1) this.#flush = this.#writeSoon(turns - 1);
      else this.#write();
    });
  }

  #write(): void {
    clearImmediate(this.#flush);
    this.#flush = undefined;
    this.#rest?.[Symbol.dispose]();
    this.#rest = undefined;
    try {
      this.#options.log.append(this.#told, this.#revision);
      this.#told = [];
    } catch (error) {
      // What could not be written stays where it is, and is tried again with what comes next.
      this.#options.logger.error('Cannot write the event log', { error });
      if (!this.#isClosed) this.#rest = this.#options.clock.after(cursorRestMs, () => this.#write());
    }
  }

  #restart(error: Error): void {
    if (this.#isClosed || error instanceof StoreClosedError) return;
    this.#options.logger.warn('The event log could not follow the store and starts again', { error });
    this.#write();
    this.#retry = this.#options.clock.after(retryMs, () => {
      this.start().catch((failure: Error) => this.#restart(failure));
    });
  }

  #sourceOf(key: string): EventSource | undefined {
    const kind = kindOfKey(key);
    return kind === undefined ? undefined : this.#sources.get(kind);
  }
}
