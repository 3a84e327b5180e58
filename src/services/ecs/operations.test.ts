import { ECS } from '@aws-sdk/client-ecs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { OperationEntry } from '../service.ts';
import { ecsOperations } from './operations.ts';
import { openRoom, type TestRoom } from './testing/room.ts';

let room: TestRoom;
let table: ReadonlyMap<string, OperationEntry>;
beforeEach(async () => {
  room = await openRoom();
  table = new Map(Object.entries(ecsOperations(room.ecs)));
});
afterEach(() => room[Symbol.asyncDispose]());

function resources(operation: string, input: object): readonly string[] {
  const entry = table.get(operation);
  if (entry === undefined || 'refused' in entry) throw new Error(`${operation} is not supported`);
  return entry.resources(input, room.call);
}

test('every operation of the SDK has an entry, in the SDK’s order', () => {
  const notAnOperation = /^(constructor|paginate.*|waitUntil.*)$/;
  const methods = Object.getOwnPropertyNames(ECS.prototype).filter((name) => !notAnOperation.test(name));
  const names = methods.map((name) => `${name.charAt(0).toUpperCase()}${name.slice(1)}`);
  expect([...table.keys()]).toEqual(names);
});

test('supported operations are authorised as their own action, refused ones say their name', () => {
  for (const [name, entry] of table) {
    if ('refused' in entry) expect(entry.refused).toMatch(new RegExp(`^${name} is not supported`));
    else expect(entry.action).toBe(`ecs:${name}`);
  }
});

describe('resources', () => {
  const arn = (resource: string): string => `arn:aws:ecs:eu-west-1:123456789012:${resource}`;

  test.each<[string, object, string[]]>([
    ['CreateCluster', { clusterName: 'blue' }, [arn('cluster/blue')]],
    ['DescribeClusters', {}, [arn('cluster/default')]],
    ['DescribeClusters', { clusters: ['a', arn('cluster/b')] }, [arn('cluster/a'), arn('cluster/b')]],
    ['DeleteCluster', { cluster: 'blue' }, [arn('cluster/blue')]],
    ['StopTask', { task: '0123', cluster: 'blue' }, [arn('task/blue/0123')]],
    ['StopTask', { task: arn('task/blue/0123'), cluster: 'green' }, [arn('task/blue/0123')]],
    ['DescribeTasks', { tasks: ['1', '2'] }, [arn('task/default/1'), arn('task/default/2')]],
    ['DescribeServices', { services: ['web'], cluster: 'blue' }, [arn('service/blue/web')]],
    ['ListServiceDeployments', { service: 'web' }, [arn('service/default/web')]],
    [
      'DescribeServiceRevisions',
      { serviceRevisionArns: [arn('service-revision/a/web/1')] },
      [arn('service/a/web'), arn('service-revision/a/web/1')],
    ],
    [
      'StopServiceDeployment',
      { serviceDeploymentArn: arn('service-deployment/a/web/x') },
      [arn('service/a/web'), arn('service-deployment/a/web/x')],
    ],
    ['ExecuteCommand', { cluster: 'blue', task: '1' }, [arn('cluster/blue'), arn('task/blue/1')]],
    ['ListTasks', {}, ['*']],
    ['ListTasks', { containerInstance: 'x' }, [arn('container-instance/default/x')]],
    ['CreateTaskSet', { cluster: 'blue', service: 'web' }, [arn('task-set/blue/web/*')]],
    ['UpdateTaskSet', { service: 'web', taskSet: 'ecs-svc/1' }, [arn('task-set/default/web/ecs-svc/1')]],
    [
      'UpdateTaskSet',
      { service: 'web', taskSet: arn('task-set/default/other/ecs-svc/1') },
      [arn('task-set/default/web/ecs-svc/1')],
    ],
    ['RegisterTaskDefinition', { family: 'web' }, [arn('task-definition/web:*')]],
    ['DeleteTaskDefinitions', { taskDefinitions: ['web:3'] }, [arn('task-definition/web:3')]],
    ['RunTask', { taskDefinition: 'none' }, [arn('task-definition/none:*')]],
    ['RunTask', { taskDefinition: 'web:3' }, [arn('task-definition/web:3')]],
    ['RunTask', { taskDefinition: arn('task-definition/web:3') }, [arn('task-definition/web:3')]],
    ['PutAttributes', { attributes: [{ targetId: 'x' }] }, [arn('container-instance/default/x')]],
    ['TagResource', { resourceArn: arn('cluster/a') }, [arn('cluster/a')]],
  ])('of %s %j', (operation, input, expected) => {
    expect(resources(operation, input)).toEqual(expected);
  });

  test('a bare family is its latest ACTIVE revision', async () => {
    const register = table.get('RegisterTaskDefinition');
    if (register === undefined || 'refused' in register)
      throw new Error('RegisterTaskDefinition is not supported');
    const containerDefinitions = [{ name: 'web', image: 'nginx', memory: 128 }];
    await register.run({ family: 'web', containerDefinitions }, room.call);
    await register.run({ family: 'web', containerDefinitions }, room.call);
    expect(resources('RunTask', { taskDefinition: 'web' })).toEqual([arn('task-definition/web:2')]);
  });

  test('malformed identifiers are refused before anyone asks for permission', () => {
    expect(() => resources('StopTask', { task: 'arn:aws:ecs:x' })).toThrow(/Invalid identifier/);
    expect(() => resources('RunTask', { taskDefinition: 'web:latest' })).toThrow(/Invalid revision number/);
  });
});
