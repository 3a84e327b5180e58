export { type EventLog, type LoggedEvent, maxEvents } from './event-log.ts';
export { MemoryEventLog } from './memory.ts';
export { SqliteEventLog } from './sqlite.ts';
