import { ECS } from '@aws-sdk/client-ecs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountId, type IamServer, startIamServer } from '../../iam/testing/iam-server.ts';
import { ecsOperations } from '../operations.ts';
import { openRoom, type TestRoom } from '../testing/room.ts';

/** The example of docs/user-guide.md, "A developer who may deploy one service", against real operations. */
const region = 'us-east-1';
const arn = (resource: string) => `arn:aws:ecs:${region}:${accountId}:${resource}`;
const role = (name: string) => `arn:aws:iam::${accountId}:role/${name}`;
const policy = {
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Action: ['ecs:UpdateService', 'ecs:DescribeServices'],
      Resource: `arn:aws:ecs:${region}:*:service/default/hello`,
    },
    {
      Effect: 'Allow',
      Action: 'ecs:RegisterTaskDefinition',
      Resource: `arn:aws:ecs:${region}:*:task-definition/hello:*`,
      Condition: { StringEquals: { 'ecs:privileged': 'false' } },
    },
    {
      Effect: 'Allow',
      Action: 'iam:PassRole',
      Resource: 'arn:aws:iam::*:role/hello-*',
      Condition: { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } },
    },
    {
      Effect: 'Deny',
      Action: 'ecs:UpdateService',
      Resource: '*',
      Condition: { StringEquals: { 'ecs:enable-execute-command': 'true' } },
    },
  ],
};

let room: TestRoom;
let server: IamServer;
let ada: ECS;
let root: ECS;
beforeAll(async () => {
  room = await openRoom();
  server = await startIamServer({
    services: (_iam, { state }) => [
      {
        signingName: 'ecs',
        loadSdk: () => import('@aws-sdk/client-ecs'),
        loadOperations: async () => ecsOperations({ ...room.ecs, state }),
      },
    ],
  });
  const as = (credentials: IamServer['rootKey']) =>
    new ECS({ endpoint: server.endpoint, region, credentials, maxAttempts: 1 });
  root = as(server.rootKey);
  await root.createCluster({});
  for (const serviceName of ['hello', 'blue']) {
    await root.registerTaskDefinition(definition(serviceName));
    await root.createService({ serviceName, taskDefinition: serviceName, desiredCount: 0 });
  }
  await root.registerTaskDefinition({ ...definition('blue'), taskRoleArn: role('admin') });

  await server.iam.createUser({ UserName: 'ada' });
  const PolicyDocument = JSON.stringify(policy);
  await server.iam.putUserPolicy({ UserName: 'ada', PolicyName: 'deploy-hello', PolicyDocument });
  const { AccessKey } = await server.iam.createAccessKey({ UserName: 'ada' });
  ada = as({
    accessKeyId: AccessKey?.AccessKeyId ?? '',
    secretAccessKey: AccessKey?.SecretAccessKey ?? '',
  });
});
afterAll(async () => {
  ada.destroy();
  root.destroy();
  await server[Symbol.asyncDispose]();
  await room[Symbol.asyncDispose]();
});

function definition(family: string, container: object = {}) {
  return { family, containerDefinitions: [{ name: 'app', image: 'app:1', memory: 64, ...container }] };
}
const denied = (action: string, resource: string) => ({
  name: 'AccessDeniedException',
  message: expect.stringContaining(`is not authorized to perform: ${action} on resource: ${resource} `),
});

describe('a developer who may deploy one service', () => {
  it('updates it, and no other', async () => {
    const { service } = await ada.updateService({ service: 'hello', desiredCount: 2 });
    expect(service?.desiredCount).toBe(2);
    await expect(ada.updateService({ service: 'blue', desiredCount: 2 })).rejects.toMatchObject(
      denied('ecs:UpdateService', arn('service/default/blue')),
    );
    const { services } = await root.describeServices({ services: ['blue'] });
    expect(services?.[0]?.desiredCount).toBe(0);
  });

  it('is shown what it may see, and nothing of a request for more', async () => {
    const { services } = await ada.describeServices({ services: ['hello'] });
    expect(services).toHaveLength(1);
    await expect(ada.describeServices({ services: ['hello', 'blue'] })).rejects.toMatchObject(
      denied('ecs:DescribeServices', arn('service/default/blue')),
    );
    await expect(ada.listServices({})).rejects.toMatchObject(denied('ecs:ListServices', '*'));
  });

  it('rolls out revisions of its own family, with its own roles', async () => {
    const roles = { taskRoleArn: role('hello-task'), executionRoleArn: role('hello-pull') };
    const { taskDefinition } = await ada.registerTaskDefinition({ ...definition('hello'), ...roles });
    expect(taskDefinition?.revision).toBe(2);
    const deployed = await ada.updateService({ service: 'hello', taskDefinition: 'hello:1' });
    expect(deployed.service?.taskDefinition).toBe(arn('task-definition/hello:1'));
    await expect(ada.registerTaskDefinition(definition('blue'))).rejects.toMatchObject(
      denied('ecs:RegisterTaskDefinition', arn('task-definition/blue:*')),
    );
    await expect(
      ada.registerTaskDefinition({ ...definition('hello'), taskRoleArn: role('admin') }),
    ).rejects.toMatchObject(denied('iam:PassRole', role('admin')));
    await expect(ada.registerTaskDefinition(definition('hello', { privileged: true }))).rejects.toMatchObject(
      denied('ecs:RegisterTaskDefinition', arn('task-definition/hello:*')),
    );
  });

  it('can’t take a role by deploying a definition that has it, nor a terminal', async () => {
    await expect(ada.updateService({ service: 'hello', taskDefinition: 'blue:2' })).rejects.toMatchObject(
      denied('iam:PassRole', role('admin')),
    );
    await expect(ada.updateService({ service: 'hello', enableExecuteCommand: true })).rejects.toThrow(
      'with an explicit deny in an identity-based policy',
    );
  });

  it('makes no tags by making something', async () => {
    const tags = [{ key: 'team', value: 'blue' }];
    await expect(ada.registerTaskDefinition({ ...definition('hello'), tags })).rejects.toMatchObject(
      denied('ecs:TagResource', arn('task-definition/hello:*')),
    );
  });
});
