import type { FieldError } from '../apiserver/status.ts';
import { copyOf, type JsonObject, type KubernetesObject } from '../objects/object.ts';
import type { Subresource } from '../schema/subresources.ts';

/** An object under way: what defaults and admission may still change. */
export type Draft = { metadata: Record<string, unknown>; [field: string]: unknown };

/**
 * Where a kind differs from what all kinds have in common. What it does not say is generic: names of DNS subdomains, a
 * status that only its own endpoint writes, nothing that is set by itself.
 */
export interface Kind {
  /** What is set where nobody said it. Runs at every write, so that what is kept is whole. */
  readonly defaults?: (draft: Draft) => void;
  /** What is set when it is made, whoever said what. */
  readonly onCreate?: (draft: Draft) => void;
  /** What a change may not do by the endpoint that it came by, whoever asked. @param now Epoch milliseconds. */
  readonly onChange?: (
    draft: Draft,
    before: KubernetesObject,
    by: { readonly subresource: string | undefined; readonly now: number },
  ) => void;
  /** Paths in the order in which upstream looks at them, where that is another than that of the kind's fields. */
  readonly errorOrder?: readonly string[];
  readonly validate?: (
    object: KubernetesObject,
    before: KubernetesObject | undefined,
    /** By which it is changed; undefined: by its own endpoint. */
    subresource?: Subresource,
  ) => readonly FieldError[];
  /** What it becomes by what was asked of one of its own endpoints. */
  readonly subresources?: Partial<
    Readonly<Record<Subresource, (present: KubernetesObject, asked: JsonObject) => KubernetesObject>>
  >;
  readonly names?: NameForm;
  /** Also whoever makes it says what its status is. */
  readonly keepsStatus?: boolean;
  /** `metadata.generation` counts its changes. */
  readonly hasGeneration?: boolean;
  /** A PUT of what is not there makes it. */
  readonly createsOnUpdate?: boolean;
  /** A PUT has to say which version it changes. */
  readonly needsVersionForUpdate?: boolean;
  /** What becomes of what it owns where a DELETE does not say it. Absent: it is deleted after it. */
  readonly propagation?: 'Orphan';
  /** A DELETE answers with the object rather than with a Status. */
  readonly answersDeleted?: boolean;
  /** What a DELETE leaves to be done before it is gone. */
  readonly onDelete?: (object: KubernetesObject, now: number) => KubernetesObject;
  /** Seconds that one has to end after a DELETE; undefined: it goes at once. */
  readonly gracePeriod?: (object: KubernetesObject, asked: number | undefined) => number | undefined;
}

export type NameForm = 'dns-label' | 'dns-label-1035' | 'dns-subdomain' | 'path-segment';

/** A member of a draft that is an object, made where it is absent. */
export function ensured(parent: Draft | Record<string, unknown>, name: string): Record<string, unknown> {
  const present = (parent as Record<string, unknown>)[name];
  if (typeof present === 'object' && present !== null && !Array.isArray(present))
    return present as Record<string, unknown>;
  const made = {};
  (parent as Record<string, unknown>)[name] = made;
  return made;
}

/** Sets members that are absent. */
export function setDefaults(target: Record<string, unknown>, defaults: JsonObject): void {
  for (const [name, value] of Object.entries(defaults)) target[name] ??= copyOf(value);
}

/** Members of a list that are objects. */
export function itemsOf(parent: Record<string, unknown>, name: string): readonly Record<string, unknown>[] {
  const list = parent[name];
  if (!Array.isArray(list)) return [];
  return list.filter((item): item is Record<string, unknown> => typeof item === 'object' && item !== null);
}
