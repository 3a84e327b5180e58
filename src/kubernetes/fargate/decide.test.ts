import { expect, it } from 'vitest';
import type { FargateInstance, FargateProfileRecord, NodeSightingRecord } from '../../services/eks/index.ts';
import type { PlacedPod } from '../scheduler/objects.ts';
import { decideOnFargate, type Known } from './decide.ts';

const now = 1_000_000;
const pod = (spec: object = {}): PlacedPod =>
  ({
    metadata: { namespace: 'cold', name: 'web', uid: 'u' },
    spec: { containers: [{ name: 'main' }], ...spec },
  }) as unknown as PlacedPod;
const profile = {
  ...{ name: 'p', isActive: true, selectors: [{ namespace: 'cold', labels: {} }] },
} as unknown as FargateProfileRecord;
const node = (more: Partial<FargateInstance> = {}) =>
  ({ createdAt: now, fargate: { uid: 'u' }, ...more }) as unknown as FargateInstance;
const launched = { privateDnsName: 'ip-10-0-0-4.internal' } as FargateInstance['launched'] & object;
const ready: NodeSightingRecord = { isReady: true };
const decide = (known: Partial<Known> = {}, at = now) =>
  decideOnFargate(
    { pod: pod(), profileName: 'p', profile, node: undefined, sighting: undefined, ...known },
    at,
  );

it.each<readonly [string, Partial<Known>, object]>([
  ['asks for a node', {}, { type: 'request', size: { cpu: 256, memoryMiB: 512 }, diskGiB: 20 }],
  ['waits for it', { node: node() }, { type: 'wait', ms: 300_000 }],
  ['waits until it is ready', { node: node({ launched }), sighting: { isReady: false } }, { type: 'wait' }],
  [
    'is bound to it',
    { node: node({ launched }), sighting: ready },
    { type: 'bind', nodeName: 'fargate-ip-10-0-0-4.internal' },
  ],
  ['hears what became of it', { node: node({ problem: 'no' }) }, { type: 'give-up', why: 'no' }],
  [
    'is not taken as it is, for good',
    { pod: pod({ hostNetwork: true }) },
    { type: 'refuse', mayChange: false },
  ],
  [
    'is too large, for good',
    { pod: pod({ containers: [{ name: 'main', resources: { requests: { cpu: '17' } } }] }) },
    { type: 'refuse', mayChange: false, why: expect.stringContaining('largest configuration') },
  ],
  ['waits for its profile', { profile: undefined }, { type: 'refuse', mayChange: true }],
  [
    'gets no node of a profile that goes',
    { profile: { ...profile, isDeleting: true } },
    { type: 'refuse', mayChange: true },
  ],
  [
    'gets no node of a profile that does not select it, whatever its label says',
    { profile: { ...profile, selectors: [{ namespace: 'other', labels: {} }] } },
    { type: 'refuse', mayChange: true, why: expect.stringContaining('none of its selectors') },
  ],
  ['gives up the node of a profile that is gone', { profile: undefined, node: node() }, { type: 'give-up' }],
])('a pod %s', (_, known, decision) => {
  expect(decide(known)).toMatchObject(decision);
});

it('gives up a node that is not ready after five minutes', () => {
  const waiting = { node: node({ launched }), sighting: { isReady: false } };
  expect(decide(waiting, now + 299_999)).toEqual({ type: 'wait', ms: 1 });
  expect(decide(waiting, now + 300_000)).toEqual({
    type: 'give-up',
    why: 'Pod provisioning timed out (will retry) for pod: cold/web',
  });
});
