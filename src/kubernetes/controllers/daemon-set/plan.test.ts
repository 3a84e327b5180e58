import { array, assert, constantFrom, integer, property, record } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { timestamp } from '../../objects/object.ts';
import type { Node, Taint } from '../node-fit.ts';
import type { Pod } from '../objects.ts';
import { type PodLike, pod, start, template } from '../testing/builders.ts';
import { FailedPods } from './failed-pods.ts';
import { type DaemonSet, hashLabel, nodeOf } from './objects.ts';
import { type DaemonPlan, daemonSetStatus, planDaemonSet } from './plan.ts';
import { daemonPod, eligibility } from './pod.ts';

const set = (strategy: object = {}, spec: object = {}): DaemonSet => ({
  ...{ apiVersion: 'apps/v1', kind: 'DaemonSet' },
  metadata: {
    name: 'log',
    namespace: 'default',
    uid: 'log',
    creationTimestamp: timestamp(start),
    generation: 1,
  },
  spec: {
    ...{ selector: { matchLabels: { app: 'log' } } },
    template: { ...template(), spec: { ...template().spec, ...spec } },
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 0, ...strategy } },
  },
});
const node = (name: string, labels: Record<string, string> = {}, taints: readonly Taint[] = []): Node => ({
  ...{ apiVersion: 'v1', kind: 'Node' },
  metadata: { name, uid: name, creationTimestamp: timestamp(start), labels },
  spec: { taints },
});

/** `a+` is ready on node a, `a-` is not, `a!` has failed, `ax` goes; of the revision `new` unless `@old`. */
function podsOf(text: string): readonly Pod[] {
  return text.split(' ').flatMap((part, at) => {
    const [, name, state, revision = 'new'] = /^(\w)([-+x!])(?:@(\w+))?$/.exec(part) ?? [];
    if (name === undefined) return [];
    const like: Record<string, PodLike> = {
      '+': { readyAt: start },
      '-': {},
      x: { deletedAt: start },
      '!': { phase: 'Failed' },
    };
    return [pod(`${name}${at}`, { ...like[state ?? ''], node: name, labels: { [hashLabel]: revision } })];
  });
}

const plan = (pods: string, daemonSet = set(), nodes = ['a', 'b', 'c'], wait = 0): DaemonPlan =>
  planDaemonSet({
    ...{ daemonSet, pods: podsOf(pods), hash: 'new', now: start, failedWaitMs: () => wait },
    nodes: nodes.map((name) => node(name)),
  });
const told = ({ create, remove }: DaemonPlan): string =>
  [...create.map((name) => `+${name}`), ...remove.map((gone) => `-${nodeOf(gone)}`)].join(' ');

describe('the pods of a DaemonSet', () => {
  const surging = set({ maxUnavailable: 0, maxSurge: 1 });
  it.each<readonly [why: string, pods: string, daemonSet: DaemonSet, steps: string]>([
    ['are one for each node', 'a+', set(), '+b +c'],
    ['are no two on a node', 'a+ a+ b+ c+', set(), '-a'],
    ['go with what they were meant for', 'a+ b+ c+ d+', set({}, { nodeName: 'a' }), '-b -c'],
    ['are made again when they have ended', 'a! b+ c+', set(), '-a'],
    ['are replaced one after the other', 'a+@old b+@old c+@old', set(), '-a'],
    ['are replaced no sooner than the last is ready', 'a- b+@old c+@old', set(), ''],
    ['are replaced at once where they are of no use', 'a-@old b+@old c+', set(), '-a'],
    [
      'are replaced as many at once as may be missing',
      'a+@old b+@old c+@old',
      set({ maxUnavailable: '60%' }),
      '-a -b',
    ],
    ['come beside the old ones where that is asked for', 'a+@old b+@old c+@old', surging, '+a'],
    ['wait for the one that came', 'a+@old a- b+@old c+@old', surging, ''],
    ['take the place of the old one', 'a+@old a+ b+@old c+@old', surging, '-a'],
    [
      'stay as they are on delete',
      'a+@old b+@old c+@old',
      { ...set(), spec: { ...set().spec, updateStrategy: { type: 'OnDelete' } } },
      '',
    ],
  ])('%s', (_, pods, daemonSet, steps) => {
    expect(told(plan(pods, daemonSet))).toBe(steps);
  });

  it('that fail are not made again at once', () => {
    expect(plan('a! b+ c+', set(), ['a', 'b', 'c'], 4_000)).toMatchObject({ remove: [], afterMs: 4_000 });
    const failed = new FailedPods();
    failed.tried('a', 0);
    expect([failed.waitMs('a', 0), failed.waitMs('a', 1_000), failed.waitMs('b', 0)]).toEqual([1_000, 0, 0]);
    failed.tried('a', 1_000);
    expect(failed.waitMs('a', 1_000)).toBe(2_000);
  });

  const states = record({ state: constantFrom('+', '-', 'x'), revision: constantFrom('old', 'new') });
  it('are never fewer than may be missing while they are replaced', () => {
    const names = 'abcdefgh';
    const never = property(
      array(states, { minLength: 1, maxLength: 8 }),
      integer({ min: 1, max: 4 }),
      (seen, most) => {
        const text = seen.map(({ state, revision }, at) => `${names[at]}${state}@${revision}`).join(' ');
        const pods = podsOf(text);
        const nodes = [...names.slice(0, seen.length)];
        const isUp = (one: Pod) => one.status?.conditions?.[0]?.status === 'True';
        const { remove } = plan(text, set({ maxUnavailable: most }), nodes);
        const before = pods.filter(isUp).length;
        const after = pods.filter((one) => isUp(one) && !remove.includes(one)).length;
        expect(after).toBeGreaterThanOrEqual(Math.min(before, seen.length - most));
      },
    );
    assert(never, { numRuns: 2_000 });
  });
});

describe('the nodes of a DaemonSet', () => {
  const taint = (key: string, effect: string): Taint => ({ key, effect, value: 'v' });
  const affinity = (terms: readonly object[]) => ({
    affinity: {
      nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } },
    },
  });
  it.each<readonly [why: string, spec: object, on: Node, runs: boolean, stays: boolean]>([
    ['are all', {}, node('a'), true, true],
    [
      'are those that it selects',
      { nodeSelector: { disk: 'ssd' } },
      node('a', { disk: 'hdd' }),
      false,
      false,
    ],
    [
      'are not those with taints that it does not stand',
      {},
      node('a', {}, [taint('x', 'NoSchedule')]),
      false,
      true,
    ],
    ['are left at NoExecute', {}, node('a', {}, [taint('x', 'NoExecute')]), false, false],
    [
      'may be cordoned',
      {},
      node('a', {}, [taint('node.kubernetes.io/unschedulable', 'NoSchedule')]),
      true,
      true,
    ],
    ['may be not ready', {}, node('a', {}, [taint('node.kubernetes.io/not-ready', 'NoExecute')]), true, true],
    [
      'may have taints that it tolerates',
      { tolerations: [{ key: 'x', value: 'v' }] },
      node('a', {}, [taint('x', 'NoSchedule')]),
      true,
      true,
    ],
    [
      'may have any taint',
      { tolerations: [{ operator: 'Exists' }] },
      node('a', {}, [taint('x', 'NoExecute')]),
      true,
      true,
    ],
    [
      'meet one of the terms',
      affinity([{ matchExpressions: [{ key: 'cores', operator: 'Gt', values: ['4'] }] }]),
      node('a', { cores: '8' }),
      true,
      true,
    ],
    ['meet no term that asks for nothing', affinity([{}]), node('a'), false, false],
  ])('%s', (_, spec, on, runs, stays) => {
    expect(eligibility(set({}, spec), on)).toEqual({ runs, stays });
  });

  it('are told to the scheduler in every term', () => {
    const asked = affinity([{ matchExpressions: [{ key: 'x', operator: 'Exists' }] }]);
    const made = daemonPod(set({}, asked), 'b', 'new');
    expect(nodeOf({ ...pod('p', { node: '' }), spec: made.spec })).toBe('b');
    expect(made.metadata.labels).toMatchObject({ [hashLabel]: 'new', 'pod-template-generation': '1' });
  });
});

describe('the status of a DaemonSet', () => {
  it('counts nodes', () => {
    const status = daemonSetStatus(
      {
        ...{ daemonSet: set({}, { nodeSelector: { on: 'yes' } }), hash: 'new', now: start },
        ...{ pods: podsOf('a+ b-@old d+'), failedWaitMs: () => 0 },
        nodes: [...['a', 'b', 'c'].map((name) => node(name, { on: 'yes' })), node('d')],
      },
      undefined,
    );
    expect(status).toEqual({
      ...{ desiredNumberScheduled: 3, currentNumberScheduled: 2, numberMisscheduled: 1, numberReady: 1 },
      ...{ updatedNumberScheduled: 1, numberAvailable: 1, numberUnavailable: 2, observedGeneration: 1 },
    });
  });
});
