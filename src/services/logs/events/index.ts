export {
  type EventPage,
  type EventStore,
  EventStoreFullError,
  eventBytes,
  firstPosition,
  justAfter,
  justBefore,
  type NewEvent,
  type Position,
  positionAt,
  type StoredEvent,
  type StreamSummary,
} from './event-store.ts';
export { MemoryEventStore } from './memory.ts';
export { SqliteEventStore } from './sqlite.ts';
