import { afterAll, beforeAll, expect, it } from 'vitest';
import { fastClock } from '../../../../test/system/fast-clock.ts';
import { TestNode, TestNodes, testNode } from '../testing/test-cluster.ts';

let nodes: TestNodes;
let node: TestNode;
beforeAll(async () => {
  nodes = await TestNodes.open();
  node = new TestNode(await nodes.access(testNode.name), {}, fastClock(20));
  await node.start();
});
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  await nodes[Symbol.asyncDispose]();
});

type Json = Awaited<ReturnType<TestNodes['get']>>;
const conditionsOf = ({ status }: Json) =>
  Object.fromEntries(
    status.conditions.map((each: { type: string; status: string }) => [each.type, each.status]),
  );

it('puts right what somebody else wrote over a status, and leaves what is theirs', async () => {
  const path = await nodes.bind(testNode.name, 'web', { containers: [{ name: 'web', image: 'demo' }] });
  const before = await nodes.until(path, 'ready', (json) => conditionsOf(json).Ready === 'True');
  const theirs = { type: 'example.com/Inspected', status: 'True' };
  const { json: overwritten } = await nodes.cluster.call(
    'PATCH',
    `${path}/status`,
    {
      status: {
        ...{ phase: 'Failed', reason: 'Nonsense', podIP: '10.9.9.9', podIPs: [{ ip: '10.9.9.9' }] },
        conditions: [{ type: 'Ready', status: 'False', message: 'nonsense' }, theirs],
        containerStatuses: [],
      },
    },
    { 'content-type': 'application/strategic-merge-patch+json' },
  );
  expect(overwritten.status).toMatchObject({ phase: 'Failed', reason: 'Nonsense', podIP: '10.9.9.9' });
  const after = await nodes.until(path, 'running again', ({ status }) => status.phase === 'Running');
  expect(conditionsOf(after)).toEqual({ ...conditionsOf(before), [theirs.type]: 'True' });
  const { conditions: _, ...was } = before.status;
  const { conditions: __, ...is } = after.status;
  expect(is).toEqual(was);
});
