import type { KubernetesObject } from '../objects/object.ts';

/** Between a kind as it is kept and another version of it. There and back nothing is lost. */
export interface Conversion {
  toStored(object: KubernetesObject): KubernetesObject;
  fromStored(object: KubernetesObject): KubernetesObject;
}
