import type { Json } from '../../store/index.ts';
import { isJsonObject, type JsonObject, type KubernetesObject, listOf, memberOf } from '../objects/object.ts';
import { age } from './age.ts';

/** A column of the table that `kubectl get` prints. */
export interface Column {
  readonly name: string;
  readonly type: 'boolean' | 'date' | 'integer' | 'number' | 'string';
  /** Shown only by `-o wide`. */
  readonly isWide: boolean;
  /** Default: that of its kind of column. */
  readonly format?: string;
  readonly description?: string;
  readonly priority?: number;
  readonly cell: (object: KubernetesObject, now: number) => Json;
}

type Cell = Column['cell'];

export const text = (name: string, cell: Cell): Column => ({ name, type: 'string', isWide: false, cell });
export const count = (name: string, cell: Cell): Column => ({ name, type: 'integer', isWide: false, cell });
export const truth = (name: string, cell: Cell): Column => ({ name, type: 'boolean', isWide: false, cell });
export const wide = (name: string, cell: Cell): Column => ({ name, type: 'string', isWide: true, cell });

export const none = '<none>';
export const nameColumn = text('Name', ({ metadata }) => metadata.name);
export const ageColumn = text('Age', ({ metadata }, now) => age(metadata.creationTimestamp, now));
export const spec = (object: KubernetesObject): JsonObject => memberOf(object, 'spec');
export const status = (object: KubernetesObject): JsonObject => memberOf(object, 'status');
export const orNone = (value: string): string => (value === '' ? none : value);
export const objects = (of: object, name: string): readonly JsonObject[] =>
  listOf(of, name).filter(isJsonObject);
export const texts = (of: object, name: string): readonly string[] => listOf(of, name).map(String);
