import { timestamp } from '../../objects/object.ts';
import type { Node, Taint } from '../node-fit.ts';
import { notReady, unreachable } from './objects.ts';

/** Which taint a condition of some status stands for. */
const byCondition: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Ready: { False: notReady, Unknown: unreachable },
  MemoryPressure: { True: 'node.kubernetes.io/memory-pressure' },
  DiskPressure: { True: 'node.kubernetes.io/disk-pressure' },
  NetworkUnavailable: { True: 'node.kubernetes.io/network-unavailable' },
  PIDPressure: { True: 'node.kubernetes.io/pid-pressure' },
};
const unschedulable = 'node.kubernetes.io/unschedulable';
const managed = new Set([unschedulable, ...Object.values(byCondition).flatMap((it) => Object.values(it))]);

/**
 * The taints of a node, those that keep pods away by what its conditions say; the same array where nothing changes. Taints
 * of others stay, and so does when one was added.
 */
export function taintsByCondition({ spec = {}, status }: Node, now: number): readonly Taint[] {
  const { taints = [] } = spec;
  const wanted = (status?.conditions ?? []).flatMap(({ type, status: is }) => byCondition[type]?.[is] ?? []);
  if (spec.unschedulable === true) wanted.push(unschedulable);
  const isOurs = ({ key, effect }: Taint): boolean => effect === 'NoSchedule' && managed.has(key);
  const kept = taints.filter((taint) => !isOurs(taint) || wanted.includes(taint.key));
  const missing = wanted.filter((key) => !kept.some((taint) => isOurs(taint) && taint.key === key));
  if (missing.length === 0 && kept.length === taints.length) return taints;
  const added = missing.map((key) => ({ key, effect: 'NoSchedule', timeAdded: timestamp(now) }));
  return [...kept, ...added];
}

/** The taints of a node with one of the two that make pods go, or none. */
export function withEviction(
  taints: readonly Taint[],
  key: typeof notReady | typeof unreachable | 'none',
  now: number,
): readonly Taint[] {
  const isOne = (taint: Taint): boolean =>
    taint.effect === 'NoExecute' && (taint.key === notReady || taint.key === unreachable);
  const others = taints.filter((taint) => !isOne(taint) || taint.key === key);
  if (key === 'none' || others.some(isOne)) return others;
  return [...others, { key, effect: 'NoExecute', timeAdded: timestamp(now) }];
}

/** Labels that older programs look for, from those that took their place. */
const olderLabels = {
  'kubernetes.io/arch': 'beta.kubernetes.io/arch',
  'kubernetes.io/os': 'beta.kubernetes.io/os',
} as const;

/** The labels of a node with those of older names; the same object where nothing changes. */
export function withOlderLabels(labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const missing = Object.entries(olderLabels).flatMap(([name, older]) => {
    const value = labels[name];
    return value === undefined || labels[older] === value ? [] : [[older, value] as const];
  });
  return missing.length === 0 ? labels : { ...labels, ...Object.fromEntries(missing) };
}
