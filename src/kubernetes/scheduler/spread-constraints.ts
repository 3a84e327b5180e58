import type { Reader } from '../../reconcile/index.ts';
import {
  replicaSets,
  replicationControllers,
  services,
  siblingKey,
  statefulSets,
} from '../controllers/collections.ts';
import { type SelectsLabels, selects, selectsAll } from '../controllers/label-selector.ts';
import { controllerOf, type LabelSelector } from '../controllers/objects.ts';
import { hostnameLabel, zoneLabel } from './node-order.ts';
import type { SpreadConstraint } from './objects.ts';
import type { PodInfo } from './pod-info.ts';
import { withLabelsOf } from './pod-terms.ts';

/** How evenly pods are to be spread over the values of a label. */
export interface Spread {
  readonly topologyKey: string;
  readonly maxSkew: number;
  readonly minDomains: number;
  readonly honorsAffinity: boolean;
  readonly honorsTaints: boolean;
  /** Stands for the selector. */
  readonly selector: string;
  readonly selects: SelectsLabels;
}

export interface Spreads {
  readonly constraints: readonly Spread[];
  /** Nobody asked for them: nodes that lack a label are as good as others. */
  readonly areDefault: boolean;
}

/** Those that must hold. */
export const hardSpreads = (info: PodInfo): readonly Spread[] => explicit(info, 'DoNotSchedule');

/** Those that had better hold: what the pod says, or else what holds for everything that a service or a set of pods is. */
export function softSpreads(reader: Reader, info: PodInfo): Spreads {
  const { topologySpreadConstraints = [] } = info.pod.spec;
  if (topologySpreadConstraints.length > 0)
    return { constraints: explicit(info, 'ScheduleAnyway'), areDefault: false };
  const selector = siblingsSelector(reader, info);
  if (selector === undefined) return { constraints: [], areDefault: true };
  const common = {
    ...{ minDomains: 1, honorsAffinity: true, honorsTaints: false },
    ...{ selector: JSON.stringify(selector), selects: selects(selector) },
  };
  return {
    constraints: [
      { ...common, topologyKey: hostnameLabel, maxSkew: 3 },
      { ...common, topologyKey: zoneLabel, maxSkew: 5 },
    ],
    areDefault: true,
  };
}

const explicit = ({ pod }: PodInfo, action: string): readonly Spread[] =>
  (pod.spec.topologySpreadConstraints ?? [])
    .filter(({ whenUnsatisfiable }) => whenUnsatisfiable === action)
    .map((constraint) => spreadOf(constraint, withLabelsOf(constraint, pod.metadata.labels)));

const spreadOf = (
  { topologyKey, maxSkew, minDomains = 1, nodeAffinityPolicy, nodeTaintsPolicy }: SpreadConstraint,
  selector: LabelSelector | undefined,
): Spread => ({
  ...{ topologyKey, maxSkew, minDomains },
  honorsAffinity: nodeAffinityPolicy !== 'Ignore',
  honorsTaints: nodeTaintsPolicy === 'Honor',
  ...{ selector: JSON.stringify(selector ?? null), selects: selects(selector) },
});

/** What the pods have in common that stand behind the pod's services and belong to its owner. */
function siblingsSelector(reader: Reader, { key, pod }: PodInfo): LabelSelector | undefined {
  const { labels = {} } = pod.metadata;
  const matchLabels: Record<string, string> = {};
  const start = key.slice(0, key.lastIndexOf('/') + 1);
  for (const [name, value] of Object.entries(labels))
    for (const { value: service } of reader.byIndex(services, 'selector', `${start}${name}=${value}`))
      if (selectsAll(service.spec.selector)(labels)) Object.assign(matchLabels, service.spec.selector);
  const owner = controllerOf(pod);
  const owned = owner && ownersSelector(reader, key, owner);
  Object.assign(matchLabels, owned?.matchLabels);
  const matchExpressions = owned?.matchExpressions ?? [];
  if (Object.keys(matchLabels).length + matchExpressions.length === 0) return undefined;
  return { matchLabels, ...(matchExpressions.length > 0 && { matchExpressions }) };
}

function ownersSelector(
  reader: Reader,
  key: string,
  { kind, name }: { readonly kind: string; readonly name: string },
): LabelSelector | undefined {
  switch (kind) {
    case 'ReplicaSet':
      return reader.get(replicaSets, siblingKey(key, replicaSets, name))?.spec.selector;
    case 'StatefulSet':
      return reader.get(statefulSets, siblingKey(key, statefulSets, name))?.spec.selector;
    case 'ReplicationController': {
      const found = reader.get(replicationControllers, siblingKey(key, replicationControllers, name));
      return found?.spec.selector && { matchLabels: found.spec.selector };
    }
    default:
      return undefined;
  }
}
