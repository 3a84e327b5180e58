import { type Reader, recordKey } from '../../reconcile/index.ts';
import { clusterKey, ingresses, namespaces, services, siblingsOf } from '../controllers/collections.ts';
import type { ClusterPlace } from '../objects/object-records.ts';
import { targetGroupBindings } from './bindings/objects.ts';
import { tryWithParams } from './class-params/with-params.ts';
import { isBalanced as isBalancedIngress, membersOf } from './ingress-classes.ts';
import { groupOf, ingressModel } from './ingress-model.ts';
import { ModelError, type WantedBalancer, type WantedTargetGroup } from './model.ts';
import { gateOf } from './readiness-gates.ts';
import { isBalanced as isBalancedService, serviceModel } from './service-model.ts';
import type { BalancedService } from './targets.ts';

const injectLabel = 'elbv2.k8s.aws/pod-readiness-gate-inject';

/** A pod before it is kept. */
export interface NewPod {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * "Pod readiness gate" of the AWS Load Balancer Controller: in a namespace that asks for it by a label, a new pod that load
 * balancers send to by its address is Ready when it is healthy there, and not before. So rollouts wait for load balancers too.
 * @returns the types of conditions; of load balancers that are there, for another's would never be met.
 */
export function newPodGates(
  reader: Reader,
  { place, clusterName }: { readonly place: ClusterPlace; readonly clusterName: string },
  { namespace, labels }: NewPod,
): readonly string[] {
  const key = recordKey(services, place.accountId, place.region, place.id, namespace, 'any');
  const { metadata } = reader.get(namespaces, clusterKey(key, namespaces, namespace)) ?? {};
  if (metadata?.labels?.[injectLabel] !== 'enabled') return [];
  const selecting = [...reader.list(services, siblingsOf(key, services))].filter(({ value }) =>
    isSelectedBy(value, labels),
  );
  if (selecting.length === 0) return [];
  const balancers = [
    ...selecting.flatMap((record) => {
      const service: BalancedService = record.value;
      if (!isBalancedService(service) || !isReached(service)) return [];
      return made(() => serviceModel(service, { reader, key: record.key, clusterName }));
    }),
    ...groupsOf(reader, key).flatMap((group) =>
      made(() => ingressModel(membersOf(reader, key, group), { reader, clusterName })),
    ),
  ];
  const keys = new Set<string>(selecting.map((record) => record.key));
  const isFor = ({ targetType, serviceKey }: WantedTargetGroup): boolean =>
    targetType === 'ip' && keys.has(serviceKey);
  const groups = balancers.flatMap(({ targetGroups }) => targetGroups.filter(isFor));
  const names = [...groups.map(({ name }) => name), ...bindingsTo(reader, key, selecting)];
  return [...new Set(names.map(gateOf))];
}

function isSelectedBy({ spec: { selector = {} } }: BalancedService, labels: NewPod['labels']): boolean {
  const wanted = Object.entries(selector);
  return wanted.length > 0 && wanted.every(([name, value]) => labels[name] === value);
}

/** The names of the bindings that send to pods of services by their addresses, once they do. */
function bindingsTo(
  reader: Reader,
  key: string,
  selecting: readonly { readonly value: BalancedService }[],
): readonly string[] {
  const names = new Set(selecting.map(({ value }) => value.metadata.name));
  return [...reader.list(targetGroupBindings, siblingsOf(key, targetGroupBindings))].flatMap(
    ({ value: { metadata, spec, status } }) => {
      const isThere = metadata.deletionTimestamp === undefined && status?.observedGeneration !== undefined;
      return isThere && spec.targetType === 'ip' && names.has(spec.serviceRef.name) ? [metadata.name] : [];
    },
  );
}

/** Of the Ingresses of a namespace that are reached. */
function groupsOf(reader: Reader, key: string): readonly string[] {
  const reached = [...reader.list(ingresses, siblingsOf(key, ingresses))].filter(
    ({ key: own, value }) => isReached(value) && isBalancedIngress(reader, own, value),
  );
  const groups = reached.flatMap(({ key: own, value }) => {
    const ingress = tryWithParams(reader, own, value);
    return ingress === undefined ? [] : [groupOf(ingress)];
  });
  return [...new Set(groups)];
}

const isReached = ({
  status,
}: {
  readonly status?: { readonly loadBalancer?: { readonly ingress?: readonly object[] } };
}): boolean => (status?.loadBalancer?.ingress ?? []).length > 0;

/** What annotations make impossible has no target groups. */
function made(model: () => WantedBalancer): readonly WantedBalancer[] {
  try {
    return [model()];
  } catch (error) {
    if (error instanceof ModelError) return [];
    throw error;
  }
}
