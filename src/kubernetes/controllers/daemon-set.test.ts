import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWorkloads, type Workloads } from './testing/workloads.ts';

let work: Workloads;
beforeAll(async () => {
  work = await openWorkloads();
});
afterAll(() => work[Symbol.asyncDispose]());

describe('a DaemonSet', () => {
  it('follows the nodes, rolls from one template to the next, and keeps what others say of it', async () => {
    const at = await work.namespace();
    /** A node that has become ready: until then it is tainted, and daemons stay away. */
    const node = async (name: string, taints: readonly object[] = []) => {
      await work.cluster.call('POST', '/api/v1/nodes', { metadata: { name, labels: { zone: name } } });
      const patch = { 'content-type': 'application/merge-patch+json' };
      await work.cluster.call('PATCH', `/api/v1/nodes/${name}`, { spec: { taints } }, patch);
    };
    await node('one');
    await node('tainted', [{ key: 'gpu', effect: 'NoSchedule' }]);
    await at.create('daemonsets.apps', {
      metadata: { name: 'log' },
      spec: {
        selector: { matchLabels: { app: 'log' } },
        template: {
          metadata: { labels: { app: 'log' } },
          spec: { containers: [{ name: 'c', image: 'fluent:1' }] },
        },
      },
    });
    const where = async () =>
      (await at.list('pods')).map(({ spec }) => `${spec.nodeName} ${spec.containers[0].image}`).toSorted();
    expect(await where()).toEqual(['one fluent:1']);
    await node('two');
    expect(await where()).toEqual(['one fluent:1', 'two fluent:1']);
    const { status } = await at.get('daemonsets.apps', 'log');
    expect(status).toMatchObject({
      ...{ desiredNumberScheduled: 2, currentNumberScheduled: 2, numberReady: 2, numberAvailable: 2 },
      ...{ updatedNumberScheduled: 2, numberMisscheduled: 0, observedGeneration: 1 },
    });
    await at.patch('daemonsets.apps', 'log', {
      spec: { template: { spec: { containers: [{ name: 'c', image: 'fluent:2' }] } } },
    });
    expect(await where()).toEqual(['one fluent:2', 'two fluent:2']);
    const revisions = await at.list('controllerrevisions.apps');
    expect(revisions.map(({ revision }) => revision).toSorted()).toEqual([1, 2]);
    const condition = { type: 'Inspected', status: 'True' };
    await at.patch('daemonsets.apps', 'log/status', { status: { conditions: [condition] } });
    await work.cluster.call('DELETE', '/api/v1/nodes/two');
    expect((await at.get('daemonsets.apps', 'log')).status.conditions).toEqual([condition]);
    expect((await at.get('daemonsets.apps', 'log')).status.desiredNumberScheduled).toBe(1);
  });
});
