import { type ObjectStore, servedOne } from '../objects/object-store.ts';
import type { ObjectEvent } from '../objects/watches.ts';
import type { Resource } from '../schema/catalogue.ts';
import type { EventStream } from './event-stream.ts';
import { ApiError, internalError } from './status.ts';

/** That wait while a webhook converts those before them. */
const maxWaiting = 10_000;

/**
 * Has events seen as a version of their resource has the objects, in their order. Where a webhook converts, those that come while it is
 * asked are asked about together, next.
 */
export class EventOrder {
  readonly #objects: ObjectStore;
  readonly #resource: Resource;
  readonly #stream: EventStream;
  readonly #onEvent: (event: ObjectEvent) => void;
  /** Events and what is to be done between them. */
  #waiting: (ObjectEvent | (() => void))[] = [];
  #isConverting = false;

  constructor(
    objects: ObjectStore,
    resource: Resource,
    stream: EventStream,
    onEvent: (event: ObjectEvent) => void,
  ) {
    this.#objects = objects;
    this.#resource = resource;
    this.#stream = stream;
    this.#onEvent = onEvent;
  }

  event(event: ObjectEvent): void {
    const { custom, storedAs } = this.#resource;
    if (custom === undefined && storedAs === undefined) this.#onEvent(event);
    else if (custom?.conversion === undefined) this.#onEvent(this.#seen(event));
    else if (this.#waiting.push(event) > maxWaiting) this.#stream.letGo();
    else this.#convert();
  }

  /** When all events so far have been seen. */
  afterwards(act: () => void): void {
    if (this.#isConverting) this.#waiting.push(act);
    else act();
  }

  #convert(): void {
    if (this.#isConverting) return;
    this.#isConverting = true;
    void this.#convertWaiting().catch((error: unknown) =>
      this.#stream.fail(error instanceof ApiError ? error : internalError()),
    );
  }

  #seen({ before, after, revision }: ObjectEvent): ObjectEvent {
    return {
      revision,
      before: before && servedOne(this.#resource, before),
      after: after && servedOne(this.#resource, after),
    };
  }

  async #convertWaiting(): Promise<void> {
    while (this.#waiting.length > 0 && !this.#stream.isOver) {
      const next = this.#waiting;
      this.#waiting = [];
      const events = next.filter((it) => typeof it !== 'function');
      const states = events.flatMap(({ before, after }) => [before, after].filter((it) => it !== undefined));
      const served = (await this.#objects.served(this.#resource, states)).values();
      for (const it of next) {
        if (typeof it === 'function') it();
        else {
          const before = it.before && served.next().value;
          const after = it.after && served.next().value;
          this.#onEvent({ revision: it.revision, before, after });
        }
      }
    }
    // After a failure nothing more is sent.
    this.#isConverting = false;
  }
}
