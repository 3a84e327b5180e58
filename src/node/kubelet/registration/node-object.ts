import type { PressureType } from '../eviction/thresholds.ts';
import type { NodeDescription } from '../kubelet-options.ts';
import type { Lease, Node, NodeCondition, NodeStatus } from '../objects/node.ts';
import { apiMicroTime, apiTime } from '../objects/object.ts';
import { handlersToTell } from '../pods/runtime-handlers.ts';
import { goArchitecture, type NodeInfo } from './node-facts.ts';
import { nodeResources } from './reservations.ts';

/** Labels that every node has, beside those it was given. */
export function nodeLabels(
  description: NodeDescription,
  architecture: string,
): Readonly<Record<string, string>> {
  const { name, hostname = name, instanceType, region, availabilityZone, labels } = description;
  const arch = goArchitecture(architecture);
  return {
    ...labels,
    ...{ 'beta.kubernetes.io/arch': arch, 'kubernetes.io/arch': arch },
    ...{ 'beta.kubernetes.io/os': 'linux', 'kubernetes.io/os': 'linux', 'kubernetes.io/hostname': hostname },
    ...(instanceType !== undefined && {
      'beta.kubernetes.io/instance-type': instanceType,
      'node.kubernetes.io/instance-type': instanceType,
    }),
    'failure-domain.beta.kubernetes.io/region': region,
    'topology.kubernetes.io/region': region,
    'failure-domain.beta.kubernetes.io/zone': availabilityZone,
    'topology.kubernetes.io/zone': availabilityZone,
  };
}

/** As the kubelet creates it. */
export function nodeObject(description: NodeDescription, architecture: string, status: NodeStatus): Node {
  const { name, providerId, taints } = description;
  return {
    metadata: {
      ...{ name, labels: nodeLabels(description, architecture) },
      annotations: {
        'alpha.kubernetes.io/provided-node-ip': description.internalIp,
        'volumes.kubernetes.io/controller-managed-attach-detach': 'true',
      },
    },
    spec: { providerID: providerId, ...(taints.length > 0 && { taints }) },
    status,
  };
}

export interface NodeHealth {
  readonly pressures: ReadonlySet<PressureType>;
  /** Why it can't run pods; undefined: it can. */
  readonly notReady?: string;
}

export function nodeStatus(
  description: NodeDescription,
  conditions: readonly NodeCondition[],
  {
    info,
    handlers,
    port,
  }: {
    readonly info: NodeInfo;
    /** Of RuntimeClasses. */
    readonly handlers: readonly string[];
    /** Where the kubelet's own API listens; undefined: nowhere. */
    readonly port: number | undefined;
  },
): NodeStatus {
  const { name, internalIp, machineAddress } = description;
  return {
    ...nodeResources(description),
    conditions,
    addresses: [
      { type: 'InternalIP', address: internalIp },
      { type: 'ExternalIP', address: machineAddress },
      { type: 'InternalDNS', address: name },
      { type: 'Hostname', address: name },
    ],
    ...(port !== undefined && { daemonEndpoints: { kubeletEndpoint: { Port: port } } }),
    nodeInfo: info,
    features: { supplementalGroupsPolicy: true },
    runtimeHandlers: handlersToTell(handlers),
  };
}

/**
 * What others tell of the node in its capacity, pods may have: all of it.
 * https://kubernetes.io/docs/tasks/administer-cluster/extended-resource-node/
 */
export function withExtended(status: NodeStatus, { capacity: told = {} }: NodeStatus): NodeStatus {
  const { capacity = {}, allocatable } = status;
  const extended = Object.entries(told).filter(([name]) => !Object.hasOwn(capacity, name));
  return { ...status, allocatable: { ...Object.fromEntries(extended), ...allocatable } };
}

/** In upstream's order and words. @param before What the node's conditions are. */
export function nodeConditions(
  { notReady, pressures }: NodeHealth,
  before: readonly NodeCondition[],
  nowMs: number,
): readonly NodeCondition[] {
  const now = apiTime(nowMs);
  const isLow = (type: PressureType) => (pressures.has(type) ? 'True' : 'False');
  const memory = pressures.has('MemoryPressure')
    ? { reason: 'KubeletHasInsufficientMemory', message: 'kubelet has insufficient memory available' }
    : { reason: 'KubeletHasSufficientMemory', message: 'kubelet has sufficient memory available' };
  const disk = pressures.has('DiskPressure')
    ? { reason: 'KubeletHasDiskPressure', message: 'kubelet has disk pressure' }
    : { reason: 'KubeletHasNoDiskPressure', message: 'kubelet has no disk pressure' };
  const ready =
    notReady === undefined
      ? { reason: 'KubeletReady', message: 'kubelet is posting ready status' }
      : { reason: 'KubeletNotReady', message: notReady };
  const all = [
    { type: 'MemoryPressure', status: isLow('MemoryPressure'), ...memory },
    { type: 'DiskPressure', status: isLow('DiskPressure'), ...disk },
    {
      type: 'PIDPressure',
      status: 'False',
      ...{ reason: 'KubeletHasSufficientPID', message: 'kubelet has sufficient PID available' },
    },
    { type: 'Ready', status: notReady === undefined ? 'True' : 'False', ...ready },
  ] as const satisfies readonly NodeCondition[];
  return all.map((condition): NodeCondition => {
    const earlier = before.find(({ type }) => type === condition.type);
    const isSame = earlier?.status === condition.status && earlier.lastTransitionTime !== undefined;
    const lastTransitionTime = isSame ? earlier.lastTransitionTime : now;
    return { ...condition, lastHeartbeatTime: now, lastTransitionTime };
  });
}

/** Whether two statuses say the same, but for when it was said. */
export function saysTheSame(one: NodeStatus, other: NodeStatus): boolean {
  const said = (status: NodeStatus): string =>
    JSON.stringify({
      ...status,
      conditions: status.conditions?.map(({ lastHeartbeatTime: _, ...condition }) => condition),
    });
  return said(one) === said(other);
}

/** The lease by which a node says that it lives. @param node Its owner, once it is there. */
export function nodeLease(
  name: string,
  node: Node | undefined,
  { nowMs, durationSeconds }: { readonly nowMs: number; readonly durationSeconds: number },
): Lease {
  const uid = node?.metadata.uid;
  return {
    metadata: {
      ...{ name, namespace: 'kube-node-lease' },
      ...(uid !== undefined && { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid }] }),
    },
    spec: {
      ...{ holderIdentity: name, leaseDurationSeconds: durationSeconds },
      renewTime: apiMicroTime(nowMs),
    },
  };
}
