/**
 * What a machine hears of the control plane's records. First everything, in pages; then, as often as something changes,
 * what is different now. There is one message under way at a time, and the next waits until it was acknowledged: so
 * however much changes meanwhile, what waits is the names of what changed.
 *
 * As the agents' protocol has it, a frame is `{"type", "message"}`: `RecordsMessage` one way, `AckRequest` the other.
 */
export interface RecordsMessage {
  /** Null: it is gone. */
  readonly records: readonly RecordEntry[];
  /** `page`: more of everything follows. `last-page`: that was everything, and what was not among it is gone. */
  readonly part: 'page' | 'last-page' | 'change';
}

export type RecordEntry = readonly [key: string, value: object | null];

export const recordsType = 'RecordsMessage';
export const ackType = 'AckRequest';

/** @throws {TypeError} it is none. */
export function readRecordsMessage(records: unknown, part: unknown): RecordsMessage {
  if (part !== 'page' && part !== 'last-page' && part !== 'change')
    throw new TypeError(`A part of records is page, last-page or change; it is ${JSON.stringify(part)}`);
  if (!Array.isArray(records) || !records.every(isEntry))
    throw new TypeError('Records are pairs of a key and an object or null');
  return { records, part };
}

function isEntry(value: unknown): value is RecordEntry {
  return (
    Array.isArray(value) && value.length === 2 && typeof value[0] === 'string' && typeof value[1] === 'object'
  );
}
