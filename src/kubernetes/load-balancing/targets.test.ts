import { expect, it } from 'vitest';
import { type BalancedNode, isOtherTarget } from './targets.ts';

const node = (ready: string, labels: Record<string, string> = {}): BalancedNode => ({
  ...{ apiVersion: 'v1', kind: 'Node' },
  metadata: { name: 'n', uid: 'u', creationTimestamp: '2026-01-01T00:00:00Z', labels },
  spec: { providerID: 'aws:///eu-west-1a/i-0123456789abcdef0' },
  status: { conditions: [{ type: 'Ready', status: ready }] },
});
const excluded = { 'node.kubernetes.io/exclude-from-external-load-balancers': '' };

it.each<[string, BalancedNode | undefined, BalancedNode | undefined, boolean]>([
  ['that joins', undefined, node('False'), false],
  ['that is ready', node('False'), node('True'), true],
  ['that says so again', node('True'), node('True'), false],
  ['that is given another label', node('True'), node('True', { tier: 'front' }), true],
  ['that is given one while nobody asks it', node('False'), node('False', { tier: 'front' }), false],
  ['that is excluded', node('True'), node('True', excluded), true],
  ['that is no longer ready, and goes', node('Unknown'), undefined, false],
  ['that goes', node('True'), undefined, true],
])('a node %s moves targets: %j, %j', (_what, before, after, expected) => {
  expect(isOtherTarget(before, after)).toBe(expected);
});
