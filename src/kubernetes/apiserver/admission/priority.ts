import { ensured } from '../../kinds/kind.ts';
import { type KubernetesObject, numberOf, textOf } from '../../objects/object.ts';
import type { ObjectsInMemory } from '../../objects/objects-in-memory.ts';
import { resourceNamed } from '../../schema/catalogue.ts';
import { forbidden } from '../status.ts';
import type { Plugin } from './attributes.ts';

const pods = resourceNamed('', 'pods');
const classes = resourceNamed('scheduling.k8s.io', 'priorityclasses');

/** Every pod has the priority of its class, or of the one that is the cluster's default; there is one of these at most. */
export function priority({ inMemory }: { readonly inMemory: ObjectsInMemory }): Plugin {
  const globalDefault = (): KubernetesObject | undefined =>
    inMemory
      .all(classes)
      .filter((it) => it.globalDefault === true)
      .toSorted((one, other) => numberOf(one, 'value') - numberOf(other, 'value'))[0];
  return {
    name: 'Priority',
    handles: ({ resource, operation, subresource }) =>
      subresource === undefined &&
      ((resource === pods && operation === 'CREATE') || (resource === classes && operation !== 'DELETE')),
    mutate: ({ resource, name, draft, namespace }) => {
      if (resource !== pods || draft === undefined) return undefined;
      const spec = ensured(draft, 'spec');
      const shown = name === '' ? String(draft.metadata.generateName ?? '') : name;
      const wanted = textOf(spec, 'priorityClassName');
      const found = wanted === '' ? globalDefault() : inMemory.get(classes, undefined, wanted);
      if (wanted !== '' && found === undefined)
        throw forbidden(pods, shown, `no PriorityClass with name ${wanted} was found`);
      if (found !== undefined && namespace !== undefined) spec.priorityClassName = found.metadata.name;
      const computed = found === undefined ? 0 : numberOf(found, 'value');
      const { priority: given, preemptionPolicy: policy } = spec;
      if (given !== undefined && given !== computed) {
        throw forbidden(
          pods,
          shown,
          `the integer value of priority (${given}) must not be provided in pod spec; priority admission controller computed ${computed} from the given PriorityClass name`,
        );
      }
      const own = (found === undefined ? '' : textOf(found, 'preemptionPolicy')) || 'PreemptLowerPriority';
      if (policy !== undefined && policy !== own) {
        throw forbidden(
          pods,
          shown,
          `the string value of PreemptionPolicy (${policy}) must not be provided in pod spec; priority admission controller computed ${own} from the given PriorityClass name`,
        );
      }
      Object.assign(spec, { priority: computed, preemptionPolicy: own });
      return undefined;
    },
    validate: ({ resource, name, object }) => {
      if (resource !== classes || object?.globalDefault !== true) return undefined;
      const other = inMemory
        .all(classes)
        .find((it) => it.globalDefault === true && it.metadata.name !== name);
      if (other === undefined) return undefined;
      throw forbidden(
        classes,
        name,
        `PriorityClass ${other.metadata.name} is already marked as default. Only one default can exist`,
      );
    },
  };
}
