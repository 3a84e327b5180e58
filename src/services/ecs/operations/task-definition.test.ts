import type { RegisterTaskDefinitionCommandInput } from '@aws-sdk/client-ecs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { taskDefinitionArn } from '../arn.ts';
import { openRoom, scope, type TestRoom } from '../testing/room.ts';
import {
  deleteTaskDefinitions,
  deregisterTaskDefinition,
  describeTaskDefinition,
  listTaskDefinitionFamilies,
  listTaskDefinitions,
  registerTaskDefinition,
} from './task-definition.ts';

let room: TestRoom;
beforeEach(async () => {
  room = await openRoom();
});
afterEach(() => room[Symbol.asyncDispose]());

const register = (family: string, more: Partial<RegisterTaskDefinitionCommandInput> = {}) =>
  registerTaskDefinition(
    room.ecs,
    { family, containerDefinitions: [{ name: 'web', image: 'nginx', memory: 128 }], ...more },
    room.call,
  );
const deregister = (taskDefinition: string) =>
  deregisterTaskDefinition(room.ecs, { taskDefinition }, room.call);
const remove = (...taskDefinitions: string[]) =>
  deleteTaskDefinitions(room.ecs, { taskDefinitions }, room.call);
const describeOne = (taskDefinition: string) =>
  describeTaskDefinition(room.ecs, { taskDefinition }, room.call).taskDefinition;
const arn = (family: string, revision: number) => taskDefinitionArn(scope, family, revision);

describe('RegisterTaskDefinition', () => {
  test('answers the first revision with the defaults that AWS fills in', async () => {
    const { taskDefinition, tags } = await register('web');
    expect(taskDefinition).toEqual({
      taskDefinitionArn: arn('web', 1),
      family: 'web',
      revision: 1,
      status: 'ACTIVE',
      registeredAt: new Date(room.call.now),
      registeredBy: 'arn:aws:iam::123456789012:root',
      volumes: [],
      placementConstraints: [],
      requiresAttributes: [],
      compatibilities: ['EXTERNAL', 'EC2'],
      containerDefinitions: [
        {
          name: 'web',
          image: 'nginx',
          memory: 128,
          cpu: 0,
          essential: true,
          portMappings: [],
          environment: [],
          mountPoints: [],
          volumesFrom: [],
          systemControls: [],
        },
      ],
    });
    expect(tags).toBeUndefined();
  });

  test('never uses a revision twice', async () => {
    await register('web');
    await register('web');
    await deregister('web:2');
    await remove('web:2');
    expect((await register('web')).taskDefinition?.revision).toBe(3);
    expect((await register('other')).taskDefinition?.revision).toBe(1);
  });

  test('gives concurrent callers a revision each', async () => {
    const registered = await Promise.all(Array.from({ length: 20 }, () => register('web')));
    const revisions = registered.map(({ taskDefinition }) => taskDefinition?.revision ?? 0);
    expect(revisions.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
  });

  test('refuses a definition of more than 64 KiB', async () => {
    const value = 'x'.repeat(64 * 1024);
    const containerDefinitions = [
      { name: 'web', image: 'nginx', memory: 128, environment: [{ name: 'A', value }] },
    ];
    await expect(register('web', { containerDefinitions })).rejects.toMatchObject({
      code: 'ClientException',
      message: expect.stringMatching(/^Actual length: '\d+'\. Max allowed length is '65536' bytes\.$/),
    });
  });

  test('keeps tags beside the definition, and refuses an empty list of them', async () => {
    const tags = [{ key: 'a', value: 'b' }];
    expect((await register('web', { tags })).tags).toEqual(tags);
    const described = (include: 'TAGS'[]) =>
      describeTaskDefinition(room.ecs, { taskDefinition: 'web', include }, room.call).tags;
    expect(described(['TAGS'])).toEqual(tags);
    expect(described([])).toBeUndefined();
    await expect(register('web', { tags: [] })).rejects.toThrow('Tags can not be empty.');
  });
});

describe('DescribeTaskDefinition', () => {
  test('finds a family at its latest ACTIVE revision, and each revision in any status', async () => {
    for (let count = 0; count < 3; count += 1) await register('web');
    await deregister('web:3');
    expect(describeOne('web')?.revision).toBe(2);
    expect(describeOne('web:3')).toMatchObject({ status: 'INACTIVE', deregisteredAt: expect.any(Date) });
    expect(describeOne(arn('web', 1))?.revision).toBe(1);
    await deregister('web:1');
    expect(describeOne('web')?.revision).toBe(2);
    await deregister('web:2');
    expect(() => describeOne('web')).toThrow('Unable to describe task definition.');
    await register('web');
    expect(describeOne('web')?.revision).toBe(4);
  });

  test.each([
    'none',
    'none:1',
    'a b',
    'a/b',
    '',
    ':1',
    'arn:aws:ecs:us-east-1:123456789012:task-definition/web:1',
  ])('refuses %j', async (identifier) => {
    await register('web');
    expect(() => describeOne(identifier)).toThrow(
      expect.objectContaining({ code: 'ClientException', message: 'Unable to describe task definition.' }),
    );
  });
});

describe('ListTaskDefinitions', () => {
  const list = (input: object = {}) => listTaskDefinitions(room.ecs, input, room.call).taskDefinitionArns;

  test('sorts by family, then by revision as a number, both ways', async () => {
    for (let count = 0; count < 11; count += 1) await register('b');
    await register('a');
    await register('b-2');
    const ascending = [
      arn('a', 1),
      ...Array.from({ length: 11 }, (_, index) => arn('b', index + 1)),
      arn('b-2', 1),
    ];
    expect(list()).toEqual(ascending);
    expect(list({ sort: 'DESC' })).toEqual(ascending.toReversed());
    const { nextToken } = listTaskDefinitions(room.ecs, { sort: 'DESC', maxResults: 5 }, room.call);
    expect(list({ sort: 'DESC', nextToken })).toEqual(ascending.toReversed().slice(5));
  });

  test('takes familyPrefix for the whole name of a family', async () => {
    await register('web');
    await register('web-2');
    expect(list({ familyPrefix: 'web' })).toEqual([arn('web', 1)]);
    expect(list({ familyPrefix: 'we' })).toEqual([]);
  });

  test('shows one status at a time', async () => {
    await register('web');
    await register('web');
    await deregister('web:1');
    expect(list()).toEqual([arn('web', 2)]);
    expect(list({ status: 'INACTIVE' })).toEqual([arn('web', 1)]);
    await remove('web:1');
    expect(list({ status: 'DELETE_IN_PROGRESS' })).toEqual([arn('web', 1)]);
    expect(() => list({ status: 'GONE' })).toThrow(/Invalid status/);
    expect(() => list({ sort: 'UP' })).toThrow(/Invalid sort/);
  });
});

test('ListTaskDefinitionFamilies takes a true prefix, and the status of the family as a whole', async () => {
  await register('web');
  await register('web-2');
  await register('db');
  await deregister('web-2:1');
  const list = (input: object = {}) => listTaskDefinitionFamilies(room.ecs, input, room.call).families;
  expect(list()).toEqual(['db', 'web', 'web-2']);
  expect(list({ familyPrefix: 'we' })).toEqual(['web', 'web-2']);
  expect(list({ status: 'ACTIVE' })).toEqual(['db', 'web']);
  expect(list({ status: 'INACTIVE' })).toEqual(['web-2']);
  expect(list({ status: 'ALL', maxResults: 2 })).toEqual(['db', 'web']);
});

describe('DeregisterTaskDefinition', () => {
  test('needs a revision, which exists', async () => {
    await register('web');
    await expect(deregister('web')).rejects.toThrow('Revision is missing.');
    await expect(deregister('web:x')).rejects.toThrow('Invalid revision number. Number: x');
    await expect(deregister('web:2')).rejects.toThrow('Unable to describe task definition.');
  });

  test('changes nothing the second time', async () => {
    await register('web');
    const first = await deregister('web:1');
    await room.ecs.clock.advance(1_000);
    expect(await deregister('web:1')).toEqual(first);
  });
});

describe('DeleteTaskDefinitions', () => {
  test('marks INACTIVE revisions and says why it leaves the others', async () => {
    await register('web');
    await register('web');
    await deregister('web:1');
    const { taskDefinitions, failures } = await remove('web:1', 'web:2', 'none:1');
    expect(taskDefinitions).toMatchObject([
      { taskDefinitionArn: arn('web', 1), status: 'DELETE_IN_PROGRESS', deleteRequestedAt: expect.any(Date) },
    ]);
    expect(failures).toEqual([
      { arn: arn('web', 2), reason: expect.stringContaining('still in ACTIVE status') },
      { arn: arn('none', 1), reason: expect.stringContaining('does not exist') },
    ]);
  });

  test('takes 1 to 10 revisions', async () => {
    await expect(remove()).rejects.toThrow('TaskDefinition references list cannot be empty.');
    await expect(remove('web')).rejects.toThrow('Revision is missing.');
    const eleven = Array.from({ length: 11 }, (_, index) => `web:${index + 1}`);
    await expect(remove(...eleven)).rejects.toThrow(
      'Size of TaskDefinition references list cannot exceed 10',
    );
  });
});
