import type { Json } from '../../store/index.ts';

/** An object of the Kubernetes API as it stands in JSON: frozen where it comes from the store. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly [field: string]: Json | ObjectMeta | undefined;
}

export interface ObjectMeta {
  readonly name: string;
  readonly generateName?: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly deletionGracePeriodSeconds?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
  readonly finalizers?: readonly string[];
  /** Who owns which fields: entries as the API has them. */
  readonly managedFields?: readonly Json[];
}

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

export type JsonObject = { readonly [key: string]: Json };

export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A member that is an object; an empty one where it is absent or something else. */
export function memberOf(object: object | undefined, name: string): JsonObject {
  const value = object === undefined ? undefined : (object as JsonObject)[name];
  return isJsonObject(value) ? value : {};
}

/** A member that is a list; an empty one where it is absent or something else. */
export function listOf(object: object | undefined, name: string): readonly Json[] {
  const value = object === undefined ? undefined : (object as JsonObject)[name];
  return Array.isArray(value) ? value : [];
}

/** Members of a list that are objects. */
export const objectsIn = (object: object | undefined, name: string): readonly JsonObject[] =>
  listOf(object, name).filter(isJsonObject);

/** Members of a list that are texts. */
export const textsIn = (object: object | undefined, name: string): readonly string[] =>
  listOf(object, name).filter((value) => typeof value === 'string');

export function textOf(object: object | undefined, name: string): string {
  const value = object === undefined ? undefined : (object as JsonObject)[name];
  return typeof value === 'string' ? value : '';
}

export function numberOf(object: object | undefined, name: string): number {
  const value = object === undefined ? undefined : (object as JsonObject)[name];
  return typeof value === 'number' ? value : 0;
}

/** What stands at a path such as `spec.nodeName`; undefined: nothing. */
export function valueAt(object: object, path: string): Json | undefined {
  let value: Json | undefined = object as JsonObject;
  for (const part of path.split('.')) value = isJsonObject(value) ? value[part] : undefined;
  return value;
}

/** A copy that may be changed, of what is JSON and no deeper than bodies may be; a quarter of the time of `structuredClone`. */
export function copyOf<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copyOf) as T;
  const copy: Record<string, unknown> = {};
  for (const name of Object.keys(value)) {
    const member = copyOf((value as Record<string, unknown>)[name]);
    // As JSON.parse: a member of this name must not become the copy's prototype.
    if (name !== '__proto__') copy[name] = member;
    else
      Object.defineProperty(copy, name, {
        value: member,
        enumerable: true,
        configurable: true,
        writable: true,
      });
  }
  return copy as T;
}

/** Sets a member, whose name may be one that objects have from their beginning, such as `__proto__`. */
export function setMember(target: Record<string, Json>, name: string, value: Json): void {
  if (name === '__proto__')
    Object.defineProperty(target, name, { value, enumerable: true, writable: true, configurable: true });
  else target[name] = value;
}

/** `2026-01-02T03:04:05Z`; the many of one second are written once. */
export function timestamp(ms: number): string {
  const second = Math.floor(ms / 1_000);
  if (second !== lastTold.second)
    lastTold = { second, text: `${new Date(second * 1_000).toISOString().slice(0, 19)}Z` };
  return lastTold.text;
}

let lastTold = { second: Number.NaN, text: '' };
