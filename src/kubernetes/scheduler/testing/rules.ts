import type { PlacedNode, PlacedPod, PlacedSpec, SpreadConstraint } from '../objects.ts';

export type Claimed = PlacedPod & { readonly spec: PlacedSpec & { readonly nodeName: string } };

/**
 * Why a pod can't be on a node, read from the rules word for word, over everything there is each time: what the scheduler
 * computes from counts that it keeps is held against it.
 */
export function whyNot(
  pod: PlacedPod,
  nodeName: string,
  nodes: readonly PlacedNode[],
  placed: readonly Claimed[],
): string | undefined {
  const node = nodes.find(({ metadata }) => metadata.name === nodeName);
  if (node === undefined) return 'there is no such node';
  const here = placed.filter(({ spec }) => spec.nodeName === nodeName);
  const { tolerations = [], nodeSelector = {} } = pod.spec;
  if (node.spec?.taints?.some(({ key }) => !tolerations.some((it) => it.key === key))) return 'taint';
  if (Object.entries(nodeSelector).some(([key, value]) => node.metadata.labels?.[key] !== value))
    return 'selector';
  const { allocatable = {} } = node.status ?? {};
  if (here.length >= Number(allocatable.pods)) return 'too many pods';
  const cpus = [...here, pod].reduce((sum, it) => sum + cpuMillisOf(it), 0);
  if (cpuMillisOf(pod) > 0 && cpus > 1_000 * Number(allocatable.cpu)) return 'cpu';
  const ports = portsOf(pod);
  if (here.some((it) => portsOf(it).some((port) => ports.includes(port)))) return 'host port';
  return againstAffinity(pod, node, nodes, placed) ?? unevenly(pod, node, nodes, placed);
}

const cpuMillisOf = ({ spec }: PlacedPod): number =>
  spec.containers.reduce(
    (sum, { resources }) => sum + Number.parseInt(resources?.requests?.cpu ?? '0', 10),
    0,
  );

const portsOf = ({ spec }: PlacedPod): readonly number[] =>
  spec.containers.flatMap(({ ports = [] }) => ports.flatMap(({ hostPort }) => hostPort ?? []));

const appOf = ({ metadata }: PlacedPod): string | undefined => metadata.labels?.app;

/** Terms of the simulation select one app, in the one namespace. */
const termsOf = ({ spec }: PlacedPod, kind: 'podAffinity' | 'podAntiAffinity') =>
  spec.affinity?.[kind]?.requiredDuringSchedulingIgnoredDuringExecution ?? [];

function againstAffinity(
  pod: PlacedPod,
  node: PlacedNode,
  nodes: readonly PlacedNode[],
  placed: readonly Claimed[],
): string | undefined {
  const valueAt = (name: string, key: string) =>
    nodes.find(({ metadata }) => metadata.name === name)?.metadata.labels?.[key];
  const near = (other: Claimed, key: string): boolean => {
    const value = node.metadata.labels?.[key];
    return value !== undefined && valueAt(other.spec.nodeName, key) === value;
  };
  for (const { topologyKey, labelSelector } of termsOf(pod, 'podAntiAffinity'))
    if (placed.some((it) => appOf(it) === labelSelector?.matchLabels?.app && near(it, topologyKey)))
      return 'anti-affinity';
  for (const other of placed)
    for (const { topologyKey, labelSelector } of termsOf(other, 'podAntiAffinity'))
      if (labelSelector?.matchLabels?.app === appOf(pod) && near(other, topologyKey))
        return "another's anti-affinity";
  for (const { topologyKey, labelSelector } of termsOf(pod, 'podAffinity')) {
    const app = labelSelector?.matchLabels?.app;
    const friends = placed.filter((it) => appOf(it) === app);
    const isFirst = friends.length === 0 && appOf(pod) === app;
    if (!isFirst && !friends.some((it) => near(it, topologyKey))) return 'affinity';
  }
  return undefined;
}

function unevenly(
  pod: PlacedPod,
  node: PlacedNode,
  nodes: readonly PlacedNode[],
  placed: readonly Claimed[],
): string | undefined {
  for (const constraint of pod.spec.topologySpreadConstraints ?? [])
    if (skewOn(constraint, pod, node, nodes, placed) > constraint.maxSkew) return 'skew';
  return undefined;
}

function skewOn(
  { topologyKey, labelSelector }: SpreadConstraint,
  pod: PlacedPod,
  node: PlacedNode,
  nodes: readonly PlacedNode[],
  placed: readonly Claimed[],
): number {
  const counts = new Map<string, number>();
  const valueAt = ({ metadata }: PlacedNode): string => metadata.labels?.[topologyKey] ?? '';
  const { nodeSelector = {} } = pod.spec;
  for (const it of nodes) {
    if (Object.entries(nodeSelector).some(([key, value]) => it.metadata.labels?.[key] !== value)) continue;
    const count = placed.filter(
      (other) => other.spec.nodeName === it.metadata.name && appOf(other) === labelSelector?.matchLabels?.app,
    ).length;
    counts.set(valueAt(it), (counts.get(valueAt(it)) ?? 0) + count);
  }
  return (counts.get(valueAt(node)) ?? 0) + 1 - Math.min(...counts.values());
}
