import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { clusterArn, containerInstanceArn, taskArn, taskDefinitionArn } from '../arn.ts';
import { clusters, containerInstances } from '../records.ts';
import { key, openRoom, scope, type TestRoom } from '../testing/room.ts';
import { deleteCluster } from './cluster.ts';
import { listTagsForResource, tagResource, untagResource } from './tag.ts';

let room: TestRoom;
beforeEach(async () => {
  room = await openRoom();
});
afterEach(() => room[Symbol.asyncDispose]());

const cluster = clusterArn(scope, 'default');
const tag = (resourceArn: string, tags: Record<string, string>) =>
  tagResource(
    room.ecs,
    { resourceArn, tags: Object.entries(tags).map(([k, value]) => ({ key: k, value })) },
    room.call,
  );
const untag = (resourceArn: string, ...tagKeys: string[]) =>
  untagResource(room.ecs, { resourceArn, tagKeys }, room.call);
const tagsOf = (resourceArn: string) =>
  Object.fromEntries(
    (listTagsForResource(room.ecs, { resourceArn }, room.call).tags ?? []).map(({ key: k, value }) => [
      k,
      value,
    ]),
  );

test('tags are merged, read and taken away again', async () => {
  await tag(cluster, { a: '1', b: '2' });
  await tag(cluster, { b: '3', c: '4' });
  expect(tagsOf(cluster)).toEqual({ a: '1', b: '3', c: '4' });
  await untag(cluster, 'a', 'never-there');
  expect(tagsOf(cluster)).toEqual({ b: '3', c: '4' });
});

test('tags of one resource are not those of another', async () => {
  const { id } = await room.addInstance();
  await room.addDefinition();
  const instance = containerInstanceArn(scope, 'default', id);
  const definition = taskDefinitionArn(scope, 'web', 1);
  await tag(instance, { on: 'instance' });
  await tag(definition, { on: 'definition' });
  expect(tagsOf(instance)).toEqual({ on: 'instance' });
  expect(tagsOf(definition)).toEqual({ on: 'definition' });
  expect(tagsOf(cluster)).toEqual({});
  expect(room.ecs.state.get(containerInstances, key(containerInstances, 'default', id))?.status).toBe(
    'ACTIVE',
  );
});

describe('refusals', () => {
  test.each([
    ['a short service ARN', 'arn:aws:ecs:eu-west-1:123456789012:service/web', 'InvalidParameterException'],
    ['a name', 'default', 'InvalidParameterException'],
    ['a family', 'arn:aws:ecs:eu-west-1:123456789012:task-definition/web', 'InvalidParameterException'],
    ['an unknown task', taskArn(scope, 'default', '0'.repeat(32)), 'ResourceNotFoundException'],
    ['an unknown revision', taskDefinitionArn(scope, 'web', 9), 'ResourceNotFoundException'],
    ['an unknown cluster', clusterArn(scope, 'none'), 'ClusterNotFoundException'],
    ['a task in an unknown cluster', taskArn(scope, 'none', '0'), 'ClusterNotFoundException'],
    [
      'another account',
      clusterArn({ ...scope, accountId: '999999999999' }, 'default'),
      'ResourceNotFoundException',
    ],
  ])('of %s', async (_what, arn, code) => {
    await expect(tag(arn, { a: 'b' })).rejects.toMatchObject({ code });
    await expect(untag(arn, 'a')).rejects.toMatchObject({ code });
    expect(() => tagsOf(arn)).toThrow(expect.objectContaining({ code }));
  });

  test('of a deleted cluster', async () => {
    await deleteCluster(room.ecs, { cluster: 'default' }, room.call);
    expect(() => tagsOf(cluster)).toThrow(expect.objectContaining({ code: 'ClusterNotFoundException' }));
  });

  test('of the 51st tag, counting only what users set', async () => {
    const tags = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`k${index}`, '']));
    await room.write((tx) => {
      const record = tx.get(clusters, key(clusters, 'default'));
      if (record)
        tx.put(clusters, key(clusters, 'default'), { ...record, tags: [{ key: 'aws:x', value: '' }] });
    });
    await tag(cluster, tags);
    await expect(tag(cluster, { one: 'more' })).rejects.toMatchObject({ code: 'LimitExceededException' });
    await expect(tag(cluster, { k7: 'changed' })).resolves.toEqual({});
  });

  test('of no tags and of reserved ones', async () => {
    await expect(tag(cluster, {})).rejects.toThrow('Tags can not be empty.');
    await expect(tag(cluster, { 'aws:x': '' })).rejects.toThrow(/reserved/);
    await expect(untag(cluster, 'aws:x')).rejects.toThrow(/reserved/);
  });
});
