import type { KubernetesObject } from '../objects/object.ts';
import { apiVersionOf, type Resource } from '../schema/catalogue.ts';

/** A kept object as a version of its resource has it. */
export function served(resource: Resource, kept: KubernetesObject): KubernetesObject {
  return resource.custom === undefined ? kept : ofVersion(kept, apiVersionOf(resource));
}

/** An object as it is kept: of the storage version, whichever it was written as. */
export function kept(resource: Resource, object: KubernetesObject): KubernetesObject {
  if (resource.custom === undefined) return object;
  return ofVersion(object, `${resource.group}/${resource.custom.storageVersion}`);
}

/** Versions that nobody converts between differ in their names alone. */
const ofVersion = (object: KubernetesObject, apiVersion: string): KubernetesObject =>
  object.apiVersion === apiVersion ? object : { ...object, apiVersion };
