import { expect, it } from 'vitest';
import { TestNode, TestNodes, testNode } from '../testing/test-cluster.ts';

it('a kubelet serves its pods by a certificate of the cluster, and tells where', async () => {
  await using nodes = await TestNodes.open();
  await using node = new TestNode(await nodes.access(testNode.name));
  await node.start();
  const { status } = await nodes.until(
    `/api/v1/nodes/${testNode.name}`,
    'a port',
    (json) => json.status.daemonEndpoints?.kubeletEndpoint.Port > 0,
  );
  expect(status.addresses).toContainEqual({ type: 'ExternalIP', address: '127.0.0.1' });
  const path = await nodes.bind(testNode.name, 'web', { containers: [{ name: 'c', image: 'demo' }] });
  await nodes.until(path, 'running', (json) => json.status.phase === 'Running');
  const [container = ''] = node.machine.containers;
  node.machine.engine.container(container)?.log.write('stdout', 'said\n', Date.now());
  expect(await nodes.cluster.call('GET', `${path}/log`)).toMatchObject({ status: 200, text: 'said\n' });
  const previous = await nodes.cluster.call('GET', `${path}/log?previous=true`);
  expect(previous.json.message).toBe('previous terminated container "c" in pod "web" not found');
  node.machine.engine.container(container)?.kill();
  await nodes.until(path, 'a restart', (json) => json.status.containerStatuses[0].restartCount === 1);
  const { text } = await nodes.cluster.call('GET', `${path}/log?previous=true`);
  expect(text).toBe('said\n');
});
