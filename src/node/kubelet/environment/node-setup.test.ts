import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ContainerSpec } from '../../../runtime/index.ts';
import { TestNode, TestNodes, testNode } from '../testing/test-cluster.ts';

let nodes: TestNodes;
let node: TestNode;
beforeAll(async () => {
  nodes = await TestNodes.open();
  node = new TestNode(await nodes.access(testNode.name));
  await node.start();
});
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  await nodes[Symbol.asyncDispose]();
});

type Json = Awaited<ReturnType<TestNodes['get']>>;
const core = '/api/v1/namespaces/default';
const isRunning = ({ status }: Json) => status.phase === 'Running';
const specOf = (pod: string, uid: string): ContainerSpec | undefined =>
  node.machine.engine.container(`k8s_app_${pod}_default_${uid}_0`)?.spec;
const sourceAt = (spec: ContainerSpec | undefined, target: string): string => {
  const mount = spec?.mounts?.find((each) => each.target === target);
  return mount?.type === 'bind' ? mount.source : '';
};

it('a container has what its pod refers to, as soon as that is there', async () => {
  const path = await nodes.bind(testNode.name, 'refers', {
    ...{ subdomain: 'db', securityContext: { fsGroup: 2_000 } },
    volumes: [{ name: 'settings', configMap: { name: 'settings' } }],
    containers: [
      {
        ...{ name: 'app', image: 'demo', args: ['--color=$(COLOR)', '$$(COLOR)'] },
        env: [
          { name: 'COLOR', valueFrom: { configMapKeyRef: { name: 'settings', key: 'color' } } },
          { name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
          { name: 'API', value: '$(KUBERNETES_SERVICE_HOST):$(KUBERNETES_SERVICE_PORT)' },
        ],
        volumeMounts: [{ name: 'settings', mountPath: '/etc/settings' }],
      },
    ],
  });
  await expect
    .poll(() => nodes.eventsOf('refers'))
    .toContain(
      'FailedMount: MountVolume.SetUp failed for volume "settings" : configmap "settings" not found',
    );
  await nodes.until(
    path,
    'waiting',
    ({ status }) => status.containerStatuses?.[0].state.waiting?.reason === 'ContainerCreating',
  );
  await nodes.cluster.call('POST', `${core}/configmaps`, {
    ...{ metadata: { name: 'settings' }, data: { color: 'red' } },
  });
  const { metadata, status } = await nodes.until(path, 'running', isRunning);
  const spec = specOf('refers', metadata.uid);
  expect(spec?.env).toMatchObject({ COLOR: 'red', IP: status.podIP, HOSTNAME: 'refers' });
  expect(spec?.env.API).toMatch(/^[\d.]+:443$/);
  expect(spec?.command).toEqual(['--color=red', '$(COLOR)']);
  expect(spec?.supplementalGroups).toEqual([2_000]);
  expect(readFileSync(join(sourceAt(spec, '/etc/settings'), 'color'), 'utf8')).toBe('red');
  expect(readFileSync(sourceAt(spec, '/etc/hosts'), 'utf8')).toContain(
    `${status.podIP}\trefers.db.default.svc.cluster.local\trefers\n`,
  );
  expect(readFileSync(sourceAt(spec, '/etc/resolv.conf'), 'utf8')).toBe(
    'search default.svc.cluster.local svc.cluster.local cluster.local eu-west-1.compute.internal\nnameserver 172.20.0.10\noptions ndots:5\n',
  );
  await nodes.cluster.call('PATCH', `${core}/configmaps/settings`, { data: { color: 'blue' } }, mergePatch);
  await expect.poll(() => readFileSync(join(sourceAt(spec, '/etc/settings'), 'color'), 'utf8')).toBe('blue');
  await nodes.cluster.call('DELETE', path);
  await nodes.until(path, 'gone', ({ code }) => code === 404);
  expect(() => statSync(sourceAt(spec, '/etc/settings'))).toThrow('ENOENT');
});

it('a container whose environment is not there waits for it, and says for what', async () => {
  const path = await nodes.bind(testNode.name, 'waits', {
    containers: [{ name: 'app', image: 'demo', envFrom: [{ secretRef: { name: 'later' } }] }],
  });
  const waiting = await nodes.until(
    path,
    'waiting',
    ({ status }) => status?.containerStatuses?.[0].state.waiting?.reason === 'CreateContainerConfigError',
  );
  expect(waiting.status.containerStatuses[0].state.waiting.message).toBe('secret "later" not found');
});

const mergePatch = { 'content-type': 'application/merge-patch+json' };
