import type { Json } from '../../store/index.ts';
import { isJsonObject } from '../objects/object.ts';

/**
 * How the fields of a kind merge, and which of its lists have items with names: what field ownership needs to know of a
 * schema, whether Kubernetes' own or a custom resource's. Shapes may contain themselves, so members are asked for one by one.
 */
export type Shape = ScalarShape | MapShape | ListShape | DeducedShape;

export interface ScalarShape {
  readonly kind: 'scalar';
  /** Absent: whatever it is. */
  readonly type?: 'boolean' | 'number' | 'string';
}

/** An object: a struct of declared fields, a map of whatever names, or both. */
export interface MapShape {
  readonly kind: 'map';
  /** Owned and replaced as a whole. */
  readonly isAtomic: boolean;
  field(name: string): FieldShape | undefined;
  /** Of members that are no declared fields; undefined: there may be none. */
  readonly values: Shape | undefined;
}

export interface FieldShape {
  readonly shape: Shape;
  /** Kubernetes' own programs always have it, empty where nobody said anything: nobody adds or removes the field itself. */
  readonly isAlwaysThere?: true;
  /** Nobody owns it: what an object is called, and what the API server itself says of it. */
  readonly isUntracked?: true;
}

export interface ListShape {
  readonly kind: 'list';
  /** Owned as a whole; items that are their own names; items that some of their fields name. */
  readonly type: 'atomic' | 'map' | 'set';
  /** Of `map`, sorted by name. */
  readonly keys: readonly ListKey[];
  readonly items: Shape;
}

export interface ListKey {
  readonly name: string;
  /** What an item has that does not say it. */
  readonly default?: Json;
}

/** No schema: objects merge, lists are owned as a whole. */
export interface DeducedShape {
  readonly kind: 'deduced';
}

export const deduced: DeducedShape = { kind: 'deduced' };
export const scalar: ScalarShape = { kind: 'scalar' };

const anyMap: MapShape = { kind: 'map', isAtomic: false, field: () => undefined, values: deduced };
const anyList: ListShape = { kind: 'list', type: 'atomic', keys: [], items: deduced };

/** The shape that a value has: what has no schema is what it looks like. */
export function shapeFor(shape: Shape, value: Json | undefined): ScalarShape | MapShape | ListShape {
  if (shape.kind !== 'deduced') return shape;
  if (Array.isArray(value)) return anyList;
  return isJsonObject(value) ? anyMap : scalar;
}

/** Undefined: it may not be there. */
export const memberShape = (shape: MapShape, name: string): FieldShape | undefined =>
  shape.field(name) ?? (shape.values && { shape: shape.values });

/** Whether nobody owns a part of it alone. */
export const isOwnedWhole = (shape: MapShape | ListShape): boolean =>
  shape.kind === 'map' ? shape.isAtomic : shape.type === 'atomic';

/** Whether a value has nothing in it that could be owned. */
export function isEmpty(value: Json | undefined): boolean {
  if (value === undefined || value === null) return true;
  if (typeof value !== 'object') return false;
  for (const _ in value) return false;
  return true;
}
