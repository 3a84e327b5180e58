import { expect, it } from 'vitest';
import { heldSpec } from './held-resources.ts';
import type { PlacedPod } from './objects.ts';
import { podInfo } from './pod-info.ts';

const resizing = (asked: string, has: string | undefined, given?: string, reason?: string): PlacedPod => ({
  ...{ apiVersion: 'v1', kind: 'Pod' },
  metadata: { name: 'p', namespace: 'n', uid: 'u', creationTimestamp: '2026-01-01T00:00:00Z' },
  spec: { containers: [{ name: 'c', image: 'i', resources: { requests: { cpu: asked } } }] },
  status: {
    containerStatuses: [
      {
        name: 'c',
        ...(has !== undefined && { resources: { requests: { cpu: has } } }),
        ...(given !== undefined && { allocatedResources: { cpu: given } }),
      },
    ],
    ...(reason !== undefined && { conditions: [{ type: 'PodResizePending', status: 'True', reason }] }),
  },
});

it.each<[string, PlacedPod, string]>([
  ['what it asks for, where it has that', resizing('1', '1000m', '1'), '1'],
  ['what it asks for, before its node has said anything', resizing('1', undefined), '1'],
  ['what it is to get', resizing('2', '1', '1', 'Deferred'), '2'],
  ['what it still has', resizing('1', '2', '1'), '2'],
  ['what it was given', resizing('1', '1', '3'), '3'],
  ['what it has, where it will never get more', resizing('9', '1', '1', 'Infeasible'), '1'],
])('a pod that is resized takes of its node %s', (_, pod, cpu) => {
  expect(heldSpec(pod).containers[0]?.resources?.requests?.cpu).toBe(cpu);
});

it('what a pod takes follows its status, also where its spec stays as it was', () => {
  const key = 'pod' as unknown as Parameters<typeof podInfo>[0];
  const resized = resizing('1', '2', '2');
  const before = podInfo(key, resized);
  const { spec } = resized;
  const after = podInfo(key, { ...resizing('1', '1', '1'), spec }, before);
  expect([before, after].map(({ shape }) => shape.requests.cpuMillis)).toEqual([2_000, 1_000]);
  expect(podInfo(key, { ...resizing('1', '1', '1'), spec }, after).shape).toBe(after.shape);
});
