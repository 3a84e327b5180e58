import { isDeepStrictEqual } from 'node:util';
import type { SelectsLabels } from '../../label-selector.ts';
import type { Reader } from '../../reconcile/index.ts';
import { clusterWide, endpointSlices, nodes } from '../controllers/collections.ts';
import type { Service, ServicePort } from '../controllers/endpoints/objects.ts';
import { conditionOf, type Kept, type Pod } from '../controllers/objects.ts';
import type { LoadBalancerIngress } from './ingress-objects.ts';
import type { WantedTarget } from './model.ts';
import { waitingPod, waitsForTargets } from './readiness-gates.ts';

export type BalancedServicePort = ServicePort & { readonly nodePort?: number };

/** A Service as load balancers need it. */
export interface BalancedService extends Service {
  readonly spec: Service['spec'] & {
    readonly ports?: readonly BalancedServicePort[];
    readonly externalTrafficPolicy?: string;
    readonly healthCheckNodePort?: number;
    readonly loadBalancerClass?: string;
    readonly loadBalancerSourceRanges?: readonly string[];
    readonly allocateLoadBalancerNodePorts?: boolean;
  };
  readonly status?: {
    readonly loadBalancer?: { readonly ingress?: readonly LoadBalancerIngress[] };
    readonly conditions?: readonly unknown[];
  };
}

/**
 * The addresses of the pods behind a port of a service that take traffic: ready, and not on their way out; or ready but for
 * their health in the target group.
 * @param serviceKey Its record's.
 */
export function podTargets(
  reader: Reader,
  serviceKey: string,
  port: ServicePort,
  targetGroupName: string,
): readonly WantedTarget[] {
  const found = new Map<string, WantedTarget>();
  for (const { value: slice } of reader.byIndex(endpointSlices, 'service', serviceKey)) {
    if (slice.addressType !== 'IPv4') continue;
    const number = slice.ports?.find(
      (each) =>
        (each.name ?? '') === (port.name ?? '') && (each.protocol ?? 'TCP') === (port.protocol ?? 'TCP'),
    )?.port;
    if (number === undefined) continue;
    for (const { addresses, conditions, targetRef = {} } of slice.endpoints ?? []) {
      if (conditions?.terminating) continue;
      const waiting = waitingPod(reader, serviceKey, targetRef, targetGroupName);
      if (conditions?.ready === false && waiting === undefined) continue;
      for (const id of addresses)
        found.set(`${id}:${number}`, { id, port: number, ...(waiting && { waiting }) });
    }
  }
  return [...found.values()];
}

/** Where targets have a port of their service, by its name; undefined: it has no such port, or pods have it by a name. */
export function portOfTargets(
  { spec: { ports = [] } }: BalancedService,
  targetType: 'ip' | 'instance',
  name: string,
): number | undefined {
  const named: BalancedServicePort | undefined = ports.find((port) => port.name === name);
  const number = targetType === 'instance' ? named?.nodePort : named?.targetPort;
  return typeof number === 'number' ? number : undefined;
}

export interface BalancedNode extends Kept {
  readonly spec?: { readonly providerID?: string };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** "Exclude nodes from external load balancers" (well-known labels). */
const excluded = 'node.kubernetes.io/exclude-from-external-load-balancers';

/**
 * The instances that are ready nodes of a cluster, at a port of theirs.
 * @param key Of any object of the cluster. @param isSelected By their labels; default: all.
 */
export function nodeTargets(
  reader: Reader,
  key: string,
  nodePort: number,
  isSelected: SelectsLabels = () => true,
): readonly WantedTarget[] {
  const all = [...reader.list(nodes, clusterWide(key, nodes))]
    .map(({ value }) => value as BalancedNode)
    .filter(({ metadata }) => isSelected(metadata.labels));
  return all.flatMap((node) => instanceOf(node) ?? []).map((id) => ({ id, port: nodePort }));
}

/** The instance that takes traffic as a node; undefined: the node is not ready, or not to be sent to. */
function instanceOf({ metadata, spec, status }: BalancedNode): string | undefined {
  const id = spec?.providerID?.split('/').at(-1);
  const isReady = conditionOf(status, 'Ready')?.status === 'True';
  const isExcluded = metadata.labels?.[excluded] !== undefined;
  return id?.startsWith('i-') && isReady && !isExcluded ? id : undefined;
}

/** Whether a node takes traffic from now on, or no longer, or does by other labels: what else it tells of itself moves no target. */
export function isOtherTarget(before: BalancedNode | undefined, after: BalancedNode | undefined): boolean {
  const was = before && instanceOf(before);
  if (was !== (after && instanceOf(after))) return true;
  return was !== undefined && !isDeepStrictEqual(before?.metadata.labels, after?.metadata.labels);
}

/** Whether a pod waits for its health in target groups from now on, or no longer. */
export const isOtherWait = (before: Pod | undefined, after: Pod | undefined): boolean =>
  (before !== undefined && waitsForTargets(before)) !== (after !== undefined && waitsForTargets(after));
