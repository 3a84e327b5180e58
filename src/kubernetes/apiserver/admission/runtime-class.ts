import { canonicalQuantity } from '../../../quantity.ts';
import { ensured } from '../../kinds/kind.ts';
import {
  copyOf,
  isJsonObject,
  type JsonObject,
  type KubernetesObject,
  memberOf,
  objectsIn,
  textOf,
} from '../../objects/object.ts';
import type { ObjectsInMemory } from '../../objects/objects-in-memory.ts';
import { resourceNamed } from '../../schema/catalogue.ts';
import { forbidden } from '../status.ts';
import type { Plugin } from './attributes.ts';

const pods = resourceNamed('', 'pods');
const classes = resourceNamed('node.k8s.io', 'runtimeclasses');

/** A pod that names a RuntimeClass gets what its containers cost beside themselves, and is kept to the nodes that have it. */
export function runtimeClass({ inMemory }: { readonly inMemory: ObjectsInMemory }): Plugin {
  /** @throws {ApiError} it is not there. */
  const classOf = (spec: object | undefined, name: string): KubernetesObject | undefined => {
    const wanted = textOf(spec, 'runtimeClassName');
    if (wanted === '') return undefined;
    const found = inMemory.get(classes, undefined, wanted);
    if (found !== undefined) return found;
    throw forbidden(pods, name, `pod rejected: RuntimeClass ${JSON.stringify(wanted)} not found`);
  };
  return {
    name: 'RuntimeClass',
    handles: ({ resource, operation, subresource }) =>
      resource === pods && operation === 'CREATE' && subresource === undefined,
    mutate: ({ draft, name }) => {
      if (draft === undefined) return undefined;
      const spec = ensured(draft, 'spec');
      const found = classOf(spec, name);
      if (found === undefined) return undefined;
      const { podFixed } = memberOf(found, 'overhead');
      if (isJsonObject(podFixed)) {
        if (spec.overhead !== undefined && !isSame(memberOf(spec, 'overhead'), podFixed))
          throw forbidden(pods, name, mismatch);
        spec.overhead = copyOf(podFixed);
      }
      const { nodeSelector = {}, tolerations = [] } = memberOf(found, 'scheduling');
      for (const [key, value] of Object.entries(nodeSelector as JsonObject)) {
        const selector = ensured(spec, 'nodeSelector');
        const own = Object.hasOwn(selector, key) ? selector[key] : value;
        if (own !== value) {
          const [of, is] = ['runtimeClass.scheduling', 'pod.spec'].map(
            (path) => `${path}.nodeSelector[${key}]`,
          );
          throw forbidden(pods, name, `conflict: ${of} = ${value}; ${is} = ${own}`);
        }
        selector[key] = value;
      }
      const own = objectsIn(spec, 'tolerations');
      const more = (tolerations as readonly JsonObject[]).filter(
        (toleration) => !own.some((each) => isSame(each, toleration)),
      );
      if (more.length > 0) spec.tolerations = [...own, ...more.map(copyOf)];
      return undefined;
    },
    validate: ({ object, name }) => {
      const spec = memberOf(object, 'spec');
      const { podFixed } = memberOf(classOf(spec, name), 'overhead');
      if (isJsonObject(podFixed)) {
        if (!isSame(memberOf(spec, 'overhead'), podFixed)) throw forbidden(pods, name, mismatch);
      } else if (Object.keys(memberOf(spec, 'overhead')).length > 0)
        throw forbidden(
          pods,
          name,
          'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead',
        );
      return undefined;
    },
  };
}

const mismatch = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead";

/** Members that are quantities may be spelled in several ways. */
function isSame(one: JsonObject, other: JsonObject): boolean {
  const spelled = (of: JsonObject): string =>
    JSON.stringify(
      Object.entries(of)
        .map(([name, value]) => [name, canonicalQuantity(String(value)) ?? value])
        .toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
    );
  return spelled(one) === spelled(other);
}
