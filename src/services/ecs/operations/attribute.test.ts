import type { Attribute } from '@aws-sdk/client-ecs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { containerInstanceArn } from '../arn.ts';
import { openRoom, scope, type TestRoom } from '../testing/room.ts';
import { deleteAttributes, listAttributes, putAttributes } from './attribute.ts';

let room: TestRoom;
let id: string;
let arn: string;
beforeEach(async () => {
  room = await openRoom();
  ({ id } = await room.addInstance({ attributes: { 'ecs.os-type': 'linux' } }));
  arn = containerInstanceArn(scope, 'default', id);
});
afterEach(() => room[Symbol.asyncDispose]());

const put = (...attributes: Attribute[]) => putAttributes(room.ecs, { attributes }, room.call);
const remove = (...attributes: Attribute[]) => deleteAttributes(room.ecs, { attributes }, room.call);
const list = (input: object = {}) =>
  listAttributes(room.ecs, { targetType: 'container-instance', ...input }, room.call);

test('an attribute is put, replaced, listed and deleted', async () => {
  expect(await put({ name: 'stack', value: 'blue', targetId: arn })).toEqual({
    attributes: [{ name: 'stack', value: 'blue', targetId: arn }],
  });
  await put({ name: 'stack', value: 'green', targetId: id, targetType: 'container-instance' });
  expect(list({ attributeName: 'stack' }).attributes).toEqual([
    { name: 'stack', value: 'green', targetId: arn },
  ]);
  await remove({ name: 'stack', targetId: arn });
  expect(list({ attributeName: 'stack' }).attributes).toEqual([]);
  expect(await remove({ name: 'stack', targetId: arn })).toEqual({ attributes: [] });
});

test('each change is a new version of the instance', async () => {
  const before = room.instance(id)?.version ?? 0;
  await put({ name: 'a', targetId: arn }, { name: 'b', targetId: arn });
  expect(room.instance(id)).toMatchObject({ version: before + 2 });
});

test('attributes are listed by page, over all instances, and by name and value', async () => {
  const other = await room.addInstance();
  const otherArn = containerInstanceArn(scope, 'default', other.id);
  await put({ name: 'rack', value: '1', targetId: arn }, { name: 'rack', value: '2', targetId: otherArn });
  expect(list({ attributeName: 'rack' }).attributes).toHaveLength(2);
  expect(list({ attributeName: 'rack', attributeValue: '2' }).attributes).toEqual([
    { name: 'rack', value: '2', targetId: otherArn },
  ]);
  const first = list({ attributeName: 'rack', maxResults: 1 });
  const second = list({ attributeName: 'rack', maxResults: 1, nextToken: first.nextToken });
  const targets = [...(first.attributes ?? []), ...(second.attributes ?? [])].map(({ targetId }) => targetId);
  expect(new Set(targets)).toEqual(new Set([arn, otherArn]));
  expect(() => list({ attributeValue: '2' })).toThrow(/also specify an attribute name/);
});

describe('refusals', () => {
  test.each([
    ['the 11th of a call', Array.from({ length: 11 }, (_, index) => ({ name: `a${index}` }))],
    ['none', []],
    ['a bad name', [{ name: 'a b' }]],
    ['a name of the agent', [{ name: 'ecs.os-type', value: 'plan9' }]],
    ['a capability', [{ name: 'com.amazonaws.ecs.capability.privileged-container' }]],
    ['a value with a space at its end', [{ name: 'a', value: 'b ' }]],
    ['a value of 129', [{ name: 'a', value: 'b'.repeat(129) }]],
    ['a short id without its type', [{ name: 'a', targetId: '0'.repeat(32) }]],
  ])('PutAttributes refuses %s', async (_what, attributes) => {
    const aimed = attributes.map((attribute) => ({ targetId: arn, ...attribute }));
    await expect(put(...aimed)).rejects.toMatchObject({ code: 'InvalidParameterException' });
  });

  test.each([
    ['an unknown instance', containerInstanceArn(scope, 'default', '0'.repeat(32))],
    ['an instance of another cluster', containerInstanceArn(scope, 'blue', '0'.repeat(32))],
    ['an instance of another account', 'arn:aws:ecs:eu-west-1:999999999999:container-instance/default/0'],
  ])('PutAttributes refuses %s', async (_what, targetId) => {
    await expect(put({ name: 'a', targetId })).rejects.toMatchObject({ code: 'TargetNotFoundException' });
  });

  test('an instance has at most 10 custom attributes, besides those of its agent', async () => {
    const ten = Array.from({ length: 10 }, (_, index) => ({ name: `a${index}`, targetId: arn }));
    await put(...ten);
    await expect(put({ name: 'a10', targetId: arn })).rejects.toMatchObject({
      code: 'AttributeLimitExceededException',
    });
    await expect(put({ name: 'a9', value: 'new', targetId: arn })).resolves.toBeDefined();
  });

  test('DeleteAttributes takes no values', async () => {
    await expect(remove({ name: 'a', value: 'b', targetId: arn })).rejects.toMatchObject({
      code: 'InvalidParameterException',
    });
  });

  test('an unknown cluster has no attributes', async () => {
    expect(() => list({ cluster: 'none' })).toThrow(
      expect.objectContaining({ code: 'ClusterNotFoundException' }),
    );
    expect(() => list({ targetType: 'task' })).toThrow(/Invalid targetType/);
  });
});
