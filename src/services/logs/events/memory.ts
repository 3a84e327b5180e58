import {
  comparePositions,
  type EventPage,
  type EventQuery,
  type EventStore,
  eventBytes,
  justAfter,
  justBefore,
  type NewEvent,
  type StoredEvent,
  type StreamRef,
  type StreamSummary,
} from './event-store.ts';

interface Group {
  /** In order of position. */
  events: StoredEvent[];
  readonly streams: Map<string, { lastTimestamp: number; lastIngestionTime: number }>;
}

/** Events in memory: for tests and simulations. */
export class MemoryEventStore implements EventStore {
  readonly #groups = new Map<string, Group>();
  #lastSequence = 0;

  async append(
    { groupId, streamId }: StreamRef,
    events: readonly NewEvent[],
    ingestionTime: number,
  ): Promise<void> {
    if (events.length === 0) return;
    const group: Group = this.#groups.get(groupId) ?? { events: [], streams: new Map() };
    this.#groups.set(groupId, group);
    for (const { timestamp, message } of events) {
      this.#lastSequence += 1;
      group.events.push({ streamId, timestamp, message, ingestionTime, sequence: this.#lastSequence });
    }
    group.events.sort(comparePositions);
    const lastTimestamp = Math.max(
      group.streams.get(streamId)?.lastTimestamp ?? 0,
      ...events.map(({ timestamp }) => timestamp),
    );
    group.streams.set(streamId, { lastTimestamp, lastIngestionTime: ingestionTime });
  }

  async read({ groupId, streamIds, from, to, direction, limit, maxBytes }: EventQuery): Promise<EventPage> {
    const range = (this.#groups.get(groupId)?.events ?? []).filter(
      (event) =>
        comparePositions(event, from) >= 0 &&
        comparePositions(event, to) < 0 &&
        (streamIds === undefined || streamIds.has(event.streamId)),
    );
    if (direction === 'backward') range.reverse();
    let bytes = 0;
    let count = 0;
    for (const { message } of range) {
      bytes += eventBytes(message);
      if (count > 0 && (count === limit || bytes > maxBytes)) break;
      count += 1;
    }
    const events = range.slice(0, count);
    const last = events.at(-1);
    if (last === undefined || count === range.length) return { events, next: undefined };
    return { events, next: direction === 'forward' ? justAfter(last) : justBefore(last) };
  }

  async summaries(groupId: string): Promise<ReadonlyMap<string, StreamSummary>> {
    const group = this.#groups.get(groupId);
    const summaries = new Map<string, StreamSummary>();
    for (const [streamId, stream] of group?.streams ?? []) {
      const first = group?.events.find((event) => event.streamId === streamId);
      summaries.set(streamId, { ...stream, firstTimestamp: first?.timestamp });
    }
    return summaries;
  }

  async storedBytes(groupId: string): Promise<number> {
    return (this.#groups.get(groupId)?.events ?? []).reduce(
      (sum, { message }) => sum + eventBytes(message),
      0,
    );
  }

  async deleteBefore(groupId: string, timestamp: number, limit: number): Promise<number> {
    return this.#delete(groupId, limit, (event) => event.timestamp < timestamp);
  }

  async deleteStream({ groupId, streamId }: StreamRef, limit: number): Promise<number> {
    const deleted = this.#delete(groupId, limit, (event) => event.streamId === streamId);
    if (deleted < limit) this.#groups.get(groupId)?.streams.delete(streamId);
    return deleted;
  }

  async deleteGroup(groupId: string, limit: number): Promise<number> {
    const deleted = this.#delete(groupId, limit, () => true);
    if (deleted < limit) this.#groups.delete(groupId);
    return deleted;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#groups.clear();
  }

  #delete(groupId: string, limit: number, isMeant: (event: StoredEvent) => boolean): number {
    const group = this.#groups.get(groupId);
    if (group === undefined) return 0;
    let deleted = 0;
    group.events = group.events.filter((event) => {
      if (deleted === limit || !isMeant(event)) return true;
      deleted += 1;
      return false;
    });
    return deleted;
  }
}
