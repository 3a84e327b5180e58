import { clusterWide, ingresses } from '../controllers/collections.ts';
import { resourceNamed } from '../schema/catalogue.ts';
import { ingressFinalizer } from './finalizers.ts';
import { isBalanced, membersOf } from './ingress-classes.ts';
import { groupOf, ingressModel } from './ingress-model.ts';
import type { Ingress } from './ingress-objects.ts';
import type { Balancing } from './sync.ts';

/** Ingresses: those of a group share one. */
export const balancedIngresses: Balancing<Ingress> = {
  resource: resourceNamed('networking.k8s.io', 'ingresses'),
  finalizer: ingressFinalizer,
  tagged: 'ingress',
  isBalanced,
  stackOf: groupOf,
  model: ({ object, key, ...place }) => {
    const others = membersOf(place.reader, key, groupOf(object)).filter((member) => member.key !== key);
    return ingressModel([...others, { key, ingress: object }], place);
  },
  modelWithout: ({ object, key, ...place }) => {
    const others = membersOf(place.reader, key, groupOf(object)).filter((member) => member.key !== key);
    return others.length === 0 ? undefined : ingressModel(others, place);
  },
  isOthers: ({ reader, key }, hostname) =>
    [...reader.list(ingresses, clusterWide(key, ingresses))].some(
      (record) =>
        record.key !== key &&
        (record.value.status?.loadBalancer?.ingress ?? []).some((each) => each.hostname === hostname),
    ),
};
