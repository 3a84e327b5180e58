import type { Reader } from '../../reconcile/index.ts';
import { clusterWide, ingresses } from '../controllers/collections.ts';
import { resourceNamed } from '../schema/catalogue.ts';
import { tryWithParams, withParams } from './class-params/with-params.ts';
import { ingressFinalizer } from './finalizers.ts';
import { isBalanced, membersOf } from './ingress-classes.ts';
import { groupOf, ingressModel, type Member } from './ingress-model.ts';
import type { Ingress } from './ingress-objects.ts';
import type { Balancing } from './sync.ts';

/** Ingresses: those of a group share one. */
export const balancedIngresses: Balancing<Ingress> = {
  resource: resourceNamed('networking.k8s.io', 'ingresses'),
  finalizer: ingressFinalizer,
  tagged: 'ingress',
  isBalanced,
  stackOf: ({ reader, key, object }) => groupOf(tryWithParams(reader, key, object) ?? object),
  model: ({ object, key, ...place }) => {
    const ingress = withParams(place.reader, key, object);
    return ingressModel([...othersOf(place.reader, key, ingress), { key, ingress }], place);
  },
  modelWithout: ({ object, key, ...place }) => {
    const others = othersOf(place.reader, key, tryWithParams(place.reader, key, object) ?? object);
    return others.length === 0 ? undefined : ingressModel(others, place);
  },
  isOthers: ({ reader, key }, hostname) =>
    [...reader.list(ingresses, clusterWide(key, ingresses))].some(
      (record) =>
        record.key !== key &&
        (record.value.status?.loadBalancer?.ingress ?? []).some((each) => each.hostname === hostname),
    ),
};

const othersOf = (reader: Reader, key: string, ingress: Ingress): readonly Member[] =>
  membersOf(reader, key, groupOf(ingress)).filter((member) => member.key !== key);
