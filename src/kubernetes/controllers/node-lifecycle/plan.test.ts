import { describe, expect, it } from 'vitest';
import { timestamp } from '../../objects/object.ts';
import type { Node } from '../node-fit.ts';
import { node, start } from '../testing/builders.ts';
import { unknownConditions } from './health.ts';
import { type Lease, notReady, unreachable } from './objects.ts';
import { type Memory, noMemory, planNodes } from './plan.ts';
import { taintsByCondition, withEviction, withOlderLabels } from './taints.ts';

const second = 1_000;
const noLease = (): undefined => undefined;
const lease = (renewTime: string): Lease => ({
  ...{ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', spec: { renewTime } },
  metadata: { name: 'n', uid: 'n', creationTimestamp: timestamp(start) },
});
const evicting = (key: string) => [{ key, effect: 'NoExecute', timeAdded: timestamp(start) }];

/** Which nodes get which taint of those that evict. */
const evictions = (nodes: readonly Node[], memory: Memory, now: number) =>
  Object.fromEntries(
    planNodes(nodes, noLease, memory, now).steps.map(({ node: { metadata }, eviction }) => [
      metadata.name,
      eviction,
    ]),
  );

const seen = (nodes: readonly Node[], now = start): Memory => planNodes(nodes, noLease, noMemory, now).memory;

describe('a node of which nothing is heard', () => {
  it('is unknown after its grace period, counted from when the process first saw it', () => {
    const nodes = [node('a', 'True', { heartbeatAt: start - 3_600 * second })];
    const memory = seen(nodes);
    expect(planNodes(nodes, noLease, memory, start + 50 * second).steps).toEqual([]);
    const [step] = planNodes(nodes, noLease, memory, start + 51 * second).steps;
    expect(step).toMatchObject({ isLost: true });
    expect(
      step?.unknown?.map(({ type, status, reason, message }) => [type, status, reason, message]),
    ).toEqual([
      ['Ready', 'Unknown', 'NodeStatusUnknown', 'Kubelet stopped posting node status.'],
      ...['MemoryPressure', 'DiskPressure', 'PIDPressure'].map((type) => [
        ...[type, 'Unknown', 'NodeStatusNeverUpdated', 'Kubelet never posted node status.'],
      ]),
    ]);
  });
  it.each<readonly [string, heartbeatAt: number, renewed: string]>([
    ['its status', start + 40 * second, 'r1'],
    ['its lease', start, 'r2'],
  ])('lives on by %s', (_, heartbeatAt, renewed) => {
    const before = [node('a')];
    const { memory } = planNodes(before, () => lease('r1'), noMemory, start);
    const now = [node('a', 'True', { heartbeatAt })];
    const at40 = planNodes(now, () => lease(renewed), memory, start + 40 * second);
    expect(planNodes(now, () => lease(renewed), at40.memory, start + 90 * second).steps).toEqual([]);
    expect(planNodes(now, () => lease(renewed), at40.memory, start + 91 * second).steps).toHaveLength(1);
  });
  it('has longer where it has never said anything', () => {
    const nodes = [node('a', 'never')];
    const memory = seen(nodes);
    expect(planNodes(nodes, noLease, memory, start + 60 * second).steps).toEqual([]);
    const [step] = planNodes(nodes, noLease, memory, start + 61 * second).steps;
    expect(step).toMatchObject({ isLost: false });
    expect(step?.unknown).toHaveLength(4);
  });
  it('is not told so twice', () => {
    const silent = node('a', 'True');
    const said = { ...silent, status: { conditions: unknownConditions(silent, start) } };
    expect(unknownConditions(said, start + second)).toBe(said.status.conditions);
  });
});

describe('pods leave nodes', () => {
  it('that are not ready, one at once and then one in ten seconds of each zone', () => {
    const failed = ['a', 'b'].map((name) => node(name, 'False', { since: name === 'b' ? start - 1 : start }));
    const elsewhere = node('c', 'Unknown', { zone: 'eu-west-1b' });
    const nodes = [...failed, elsewhere, node('d'), node('e'), node('f', 'True', { zone: 'eu-west-1b' })];
    const first = planNodes(nodes, noLease, seen(nodes.filter(({ metadata }) => metadata.name > 'c')), start);
    expect(
      first.steps.filter(({ eviction }) => eviction !== 'kept').map((it) => it.node.metadata.name),
    ).toEqual(['b', 'c']);
    const left = nodes.filter(({ metadata }) => !['b', 'c'].includes(metadata.name));
    expect(evictions(left, first.memory, start + 9 * second)).toEqual({});
    expect(evictions(left, first.memory, start + 10 * second)).toEqual({ a: notReady });
  });
  it('and may again stay on those that are ready', () => {
    expect(evictions([node('a', 'True', { taints: evicting(unreachable) })], noMemory, start)).toEqual({
      a: 'none',
    });
  });
  it('whose taint changes its name without waiting', () => {
    const nodes = [node('a', 'Unknown', { taints: evicting(notReady) }), node('b', 'Unknown'), node('c')];
    const { memory } = planNodes(nodes, noLease, seen(nodes), start);
    expect(evictions(nodes, memory, start + second)).toEqual({ a: unreachable });
  });
  it('not while most of a small zone has failed', () => {
    const nodes = [...['a', 'b', 'c'].map((name) => node(name, 'Unknown')), node('d')];
    expect(evictions(nodes, seen(nodes), start + 3_600 * second)).toEqual(
      Object.fromEntries(nodes.map(({ metadata }) => [metadata.name, 'kept'])),
    );
  });
  it('slowly while most of a large zone has failed', () => {
    const nodes = Array.from({ length: 60 }, (_, at) => node(`n${at}`, at < 40 ? 'False' : 'True'));
    const first = planNodes(nodes, noLease, noMemory, start);
    const tainted = first.steps.filter(({ eviction }) => eviction === notReady);
    expect(tainted).toHaveLength(1);
    const left = nodes.filter((it) => it !== tainted[0]?.node);
    const alive = (at: number) =>
      left.map((it) => ({ ...it, status: node('x', readyOf(it), { heartbeatAt: at }).status }));
    const count = (memory: Memory, at: number) => {
      const { steps } = planNodes(alive(at) as readonly Node[], noLease, memory, at);
      return steps.filter(({ eviction }) => eviction === notReady).length;
    };
    expect(count(first.memory, start + 99 * second)).toBe(0);
    expect(count(first.memory, start + 100 * second)).toBe(1);
  });
  it('not at all while no zone has a node that is ready, and all get time when one comes back', () => {
    const tainted = { taints: evicting(notReady) };
    const failed = [node('a', 'False', tainted), node('b', 'Unknown', { zone: 'eu-west-1b' })];
    const all = planNodes(failed, noLease, noMemory, start);
    expect(all.memory.isAllDisrupted).toBe(true);
    expect(all.steps.map(({ eviction }) => eviction)).toEqual(['none', 'kept']);
    const at = start + 1_000 * second;
    const back = [node('a', 'True', { heartbeatAt: at }), failed[1] as Node, node('c')];
    const { memory } = planNodes(back, noLease, all.memory, at);
    expect([...memory.nodes.values()].map(({ probedAt }) => probedAt)).toEqual([at, at, at]);
  });
});

const readyOf = (it: Node): 'False' | 'True' => it.status?.conditions?.[0]?.status as 'False' | 'True';

describe('the taints of a node', () => {
  it.each<readonly [Node, readonly string[]]>([
    [node('a', 'True', { taints: [{ key: notReady, effect: 'NoSchedule' }] }), []],
    [node('a', 'False'), ['node.kubernetes.io/not-ready']],
    [node('a', 'Unknown'), ['node.kubernetes.io/unreachable']],
    [node('a', 'True', { unschedulable: true }), ['node.kubernetes.io/unschedulable']],
    [
      node('a', 'True', {
        conditions: [
          { type: 'DiskPressure', status: 'True' },
          { type: 'PIDPressure', status: 'True' },
        ],
      }),
      ['node.kubernetes.io/disk-pressure', 'node.kubernetes.io/pid-pressure'],
    ],
    [
      node('a', 'True', {
        conditions: [
          { type: 'MemoryPressure', status: 'True' },
          { type: 'NetworkUnavailable', status: 'True' },
        ],
      }),
      ['node.kubernetes.io/memory-pressure', 'node.kubernetes.io/network-unavailable'],
    ],
  ])('follow its conditions (%#)', (given, keys) => {
    expect(taintsByCondition(given, start).map(({ key, effect }) => [key, effect])).toEqual(
      keys.map((key) => [key, 'NoSchedule']),
    );
  });
  it('that are of others stay, and so does when one was added', () => {
    const own = { key: 'team', value: 'a', effect: 'NoExecute' };
    const old = { key: unreachable, effect: 'NoSchedule', timeAdded: timestamp(start - second) };
    const given = node('a', 'Unknown', { taints: [own, old] });
    expect(taintsByCondition(given, start)).toBe(given.spec?.taints);
    expect(withEviction([own, ...evicting(notReady)], 'none', start)).toEqual([own]);
    expect(withEviction(evicting(notReady), unreachable, start)).toEqual(evicting(unreachable));
  });
  it('go with labels of older names', () => {
    const labels = {
      'kubernetes.io/os': 'linux',
      'beta.kubernetes.io/arch': 'amd64',
      'kubernetes.io/arch': 'arm64',
    };
    const all = withOlderLabels(labels);
    expect(all).toMatchObject({ 'beta.kubernetes.io/os': 'linux', 'beta.kubernetes.io/arch': 'arm64' });
    expect(withOlderLabels(all)).toBe(all);
  });
});
