import { expect, it } from 'vitest';
import { podsWarnings } from './existing-pods.ts';

const pod = (name: string, spec: object, uid?: string) => ({
  ...{ apiVersion: 'v1', kind: 'Pod', spec: { containers: [{ name: 'c' }], ...spec } },
  metadata: {
    name,
    ...(uid && { ownerReferences: [{ apiVersion: 'v1', kind: 'X', name: 'x', uid, controller: true }] }),
  },
});

it('pods that are not allowed any more are told by what is wrong with them', () => {
  const pods = [
    ...[pod('b', { hostPID: true }), pod('a', { hostPID: true }), pod('c', { hostIPC: true })],
    ...[pod('d', { volumes: [{ name: 'v', hostPath: {} }] }), pod('e', {})],
  ];
  expect(podsWarnings('pier', { level: 'baseline', minor: 30 }, pods)).toEqual([
    'existing pods in namespace "pier" violate the new PodSecurity enforce level "baseline:v1.30"',
    'a (and 2 other pods): host namespaces',
    'd: hostPath volumes',
  ]);
  expect(podsWarnings('pier', { level: 'privileged' }, pods)).toEqual([]);
});

it('of many pods, one of each controller is looked at before the others', () => {
  const replicas = Array.from({ length: 3_005 }, (_, index) => pod(`r-${index}`, {}, 'set'));
  const pods = [...replicas, pod('alone', { hostPID: true }), pod('other', { hostPID: true }, 'other')];
  expect(podsWarnings('pier', { level: 'baseline' }, pods)).toEqual([
    'new PodSecurity enforce level only checked against the first 3000 of 3007 existing pods',
    'existing pods in namespace "pier" violate the new PodSecurity enforce level "baseline:latest"',
    'alone (and 1 other pod): host namespaces',
  ]);
});
