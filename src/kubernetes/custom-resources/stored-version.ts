import { conversionOf } from '../conversions/conversions.ts';
import type { KubernetesObject } from '../objects/object.ts';
import { apiVersionOf, type Resource } from '../schema/catalogue.ts';
import { withDefaults } from './schema/defaults.ts';
import { pruneObject } from './schema/prune.ts';
import { readSchema } from './schema/schema.ts';

/** The last version in which a kept object was served: watchers ask for the same one, one after the other. */
const known = new WeakMap<
  KubernetesObject,
  { readonly resource: Resource; readonly object: KubernetesObject }
>();

/**
 * A kept object as a version of its resource has it: what it was written by may have been another schema. Where a webhook
 * converts between versions, it has been asked before.
 */
export function served(resource: Resource, kept: KubernetesObject): KubernetesObject {
  if (resource.storedAs !== undefined) return conversionOf(resource).fromStored(kept);
  if (resource.custom === undefined) return kept;
  const last = known.get(kept);
  if (last?.resource === resource) return last.object;
  const schema = readSchema(resource.custom.schema);
  const versioned = ofVersion(kept, apiVersionOf(resource));
  const { metadata, ...rest } = versioned;
  const whole = withDefaults(schema, pruneObject(schema, rest as never));
  const object = whole === rest ? versioned : ({ ...(whole as object), metadata } as KubernetesObject);
  known.set(kept, { resource, object });
  return object;
}

/** The version in which objects of a resource are kept now. */
export const keptVersion = ({ group, version, custom }: Resource): string =>
  apiVersionOf({ group, version: custom?.storageVersion ?? version });

/** An object as it is kept: of the storage version, whichever it was written as. */
export function kept(resource: Resource, object: KubernetesObject): KubernetesObject {
  if (resource.storedAs !== undefined) return conversionOf(resource).toStored(object);
  if (resource.custom === undefined) return object;
  return ofVersion(object, keptVersion(resource));
}

/** Versions that nobody converts between differ in their names alone. */
const ofVersion = (object: KubernetesObject, apiVersion: string): KubernetesObject =>
  object.apiVersion === apiVersion ? object : { ...object, apiVersion };
