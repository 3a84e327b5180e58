import { type Collection, type RecordKey, recordKey } from '../state.ts';

/** The records that the tests of this room are about. */
export interface Boat {
  readonly name: string;
  readonly harbour?: string;
  readonly crew: readonly string[];
  readonly trips: number;
}

export const boats: Collection<Boat, 'byHarbour' | 'byCrew'> = {
  service: 'fleet',
  noun: 'boat',
  indexes: { byHarbour: (boat) => boat.harbour, byCrew: (boat) => boat.crew },
};

export interface Harbour {
  readonly berths: number;
}

export const harbours: Collection<Harbour> = { service: 'fleet', noun: 'harbour', indexes: {} };

export const boatKey = (name: string, accountId = '111'): RecordKey =>
  recordKey(boats, accountId, 'eu', name);
export const boat = (name: string, rest: Partial<Boat> = {}): Boat => ({ name, crew: [], trips: 0, ...rest });

export const names = (records: Iterable<{ readonly value: Boat }>): string[] =>
  [...records].map(({ value }) => value.name);
