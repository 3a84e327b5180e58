import { hex, type Random } from '../../clock/index.ts';
import type { Reader, Transaction } from '../../reconcile/index.ts';
import { ec2Refusal, missingParameter, shown } from './errors.ts';
import type { IdForm, Kind, Taggable } from './kinds.ts';
import { taggableKinds } from './kinds.ts';
import { type Deletable, ec2Key, type Scope, type Tags } from './records.ts';

/** E.g. `vpc-0a1b2c3d4e5f60718`. */
export function newId(random: Random, prefix: string): string {
  return `${prefix}-${hex(random, 17)}`;
}

/** Whether a text has the form of such an id; eight digits are of before 2016 and still taken. */
export function isId(prefix: string, text: string): boolean {
  const digits = text.startsWith(`${prefix}-`) ? text.slice(prefix.length + 1) : '';
  return /^(?:[0-9a-f]{8}|[0-9a-f]{17})$/.test(digits);
}

/**
 * @param parameter Its name in the request, e.g. `VpcId`.
 * @throws MissingParameter, or the kind's own `.Malformed`
 */
export function readId(ids: IdForm, text: string | undefined, parameter: string): string {
  if (text === undefined || text === '') throw missingParameter(parameter);
  if (!isId(ids.prefix, text))
    throw ec2Refusal(ids.malformed, `Invalid id: "${shown(text)}" (expecting "${ids.prefix}-...")`);
  return text;
}

/** @throws the kind's `.NotFound` for an id of that kind that is nobody's. */
export const notFound = (ids: IdForm, id: string): Error => ec2Refusal(ids.notFound, ids.missing(id));

/**
 * The record that a request names, read so that the transaction loses the race against whoever deletes it. One that is
 * being deleted is as good as gone.
 * @throws MissingParameter, the kind's `.Malformed`, its `.NotFound`
 */
export function requireRecord<T extends Deletable & { readonly tags: Tags }>(
  reader: Reader | Transaction,
  scope: Scope,
  kind: Kind<T>,
  text: string | undefined,
  parameter: string,
): T {
  const id = readId(kind, text, parameter);
  const record = reader.get(kind.collection, ec2Key(kind.collection, scope, id));
  if (record === undefined || record.isBeingDeleted) throw notFound(kind, id);
  return record;
}

/** The kind that an id is of, by its prefix. */
export function kindOfId(id: string): Taggable | undefined {
  return taggableKinds.find(({ prefix }) => isId(prefix, id));
}
