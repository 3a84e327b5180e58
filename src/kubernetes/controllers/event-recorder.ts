import type { Clock, Random } from '../../clock/index.ts';
import type { EventCorrelation, Told } from '../../event-correlation.ts';
import { ApiError } from '../apiserver/status.ts';
import { timestamp } from '../objects/object.ts';
import { resourceNamed } from '../schema/catalogue.ts';
import type { Kept } from './objects.ts';
import { type Writer, withoutVersion } from './writer.ts';

const events = resourceNamed('', 'events');

interface EventObject extends Kept {
  readonly count?: number;
  readonly lastTimestamp?: string;
  readonly message?: string;
}

/**
 * Gathers what a controller tells of objects while it works, and writes it when its work is done: telling is never in
 * the way of doing.
 */
export class EventRecorder {
  readonly #writer: Writer;
  readonly #correlation: EventCorrelation;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #component: string;
  readonly #told: { readonly about: Kept; readonly told: Told }[] = [];

  /** @param component Who tells, e.g. `replicaset-controller`. */
  constructor(
    writer: Writer,
    component: string,
    { correlation, clock, random }: { correlation: EventCorrelation; clock: Clock; random: Random },
  ) {
    this.#writer = writer;
    this.#component = component;
    this.#correlation = correlation;
    this.#clock = clock;
    this.#random = random;
  }

  normal(about: Kept, reason: string, message: string): void {
    this.#told.push({ about, told: { type: 'Normal', reason, message } });
  }

  warning(about: Kept, reason: string, message: string): void {
    this.#told.push({ about, told: { type: 'Warning', reason, message } });
  }

  /** An event that the API refuses, as in a namespace that goes, is not told. Of one object they come in order. */
  async flush(): Promise<void> {
    const byObject = Map.groupBy(this.#told.splice(0), ({ about }) => about.metadata.uid);
    await Promise.all(Array.from(byObject.values(), (told) => this.#writeAll(told)));
  }

  async #writeAll(all: readonly { readonly about: Kept; readonly told: Told }[]): Promise<void> {
    for (const { about, told } of all) {
      try {
        await this.#write(about, told);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
      }
    }
  }

  async #write(about: Kept, told: Told): Promise<void> {
    const now = this.#clock.now();
    const object = [this.#component, about.kind, about.metadata.uid].join('\n');
    const next = this.#correlation.next(object, told, now);
    if (next === undefined) return;
    if (next.as === 'again' && (await this.#again(about, next, now))) return;
    const { namespace, name, uid } = about.metadata;
    const own = this.#correlation.nameOf(name, now, this.#random);
    // Of what is in no namespace they are in this one, and are found by that it has none.
    const place = namespace ?? 'default';
    await this.#writer.create(events, place, {
      metadata: { name: own, namespace: place },
      involvedObject: {
        ...{ apiVersion: about.apiVersion, kind: about.kind, name, uid },
        ...(namespace !== undefined && { namespace }),
      },
      ...{ type: told.type, reason: told.reason, message: next.message, count: 1 },
      ...{ firstTimestamp: timestamp(now), lastTimestamp: timestamp(now) },
      source: { component: this.#component },
      ...{ reportingComponent: this.#component, reportingInstance: '' },
    });
    this.#correlation.wrote(next.id, own);
  }

  /** Counts once more what is there. @returns whether it still is. */
  async #again(
    { metadata: { namespace = 'default' } }: Kept,
    { id, name, count, message }: { id: string; name: string; count: number; message: string },
    now: number,
  ): Promise<boolean> {
    try {
      await this.#writer.changeNamed<EventObject>(events, namespace, name, ({ metadata, ...event }) => ({
        ...{ ...event, metadata: withoutVersion(metadata) },
        ...{ count, message, lastTimestamp: timestamp(now) },
      }));
      return true;
    } catch (error) {
      if (!(error instanceof ApiError && error.reason === 'NotFound')) throw error;
      this.#correlation.forget(id);
      return false;
    }
  }
}
