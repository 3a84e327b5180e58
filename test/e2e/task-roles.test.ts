import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { CloudWatchLogs } from '@aws-sdk/client-cloudwatch-logs';
import type { RegisterTaskDefinitionCommandInput, Task } from '@aws-sdk/client-ecs';
import { IAM } from '@aws-sdk/client-iam';
import { STS } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inContainer, testImage } from './image.ts';
import { Installation, waitFor } from './installation.ts';

const group = '/roles';
/**
 * As a container asks; wget can't read an answer under gVisor. What nc reads from stays open until the answer is there: a
 * server may take a request whose sender has closed for one that nobody waits for.
 */
const asking = (path: string): string =>
  'rm -f /question; mkfifo /question; nc 169.254.170.2 80 < /question & exec 3> /question; ' +
  `printf "GET ${path} HTTP/1.0\\r\\n\\r\\n" >&3; wait`;

let installation: Installation;
let image: string;

beforeAll(async () => {
  image = await testImage();
  installation = await Installation.start();
  await installation.logs().createLogGroup({ logGroupName: group });
  await makeRole('reader', 'ecs-tasks.amazonaws.com', ['logs:GetLogEvents', 'logs:FilterLogEvents']);
  await makeRole('other', 'ecs-tasks.amazonaws.com', ['logs:DescribeLogGroups']);
  await makeRole('execution', 'ecs-tasks.amazonaws.com', ['logs:CreateLogStream', 'logs:PutLogEvents']);
  await makeRole('ec2', 'ec2.amazonaws.com', ['logs:*']);
});

afterAll(async () => {
  await installation?.[Symbol.asyncDispose]();
});

async function makeRole(RoleName: string, service: string, actions: readonly string[]): Promise<void> {
  const iam = new IAM(installation.clientOptions());
  const statement = (members: object): string =>
    JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', ...members }] });
  await iam.createRole({
    RoleName,
    AssumeRolePolicyDocument: statement({ Principal: { Service: service }, Action: 'sts:AssumeRole' }),
  });
  await iam.putRolePolicy({
    ...{ RoleName, PolicyName: 'own' },
    PolicyDocument: statement({ Action: actions, Resource: '*' }),
  });
}

/** Runs a task of one container until it is RUNNING, else STOPPED. */
async function launch(
  family: string,
  definition: Partial<RegisterTaskDefinitionCommandInput>,
  command = 'sleep 3600',
): Promise<Task & { readonly taskArn: string }> {
  const ecs = installation.ecs();
  await ecs.registerTaskDefinition({
    family,
    containerDefinitions: [
      {
        ...{ name: 'app', image, memory: 16, stopTimeout: 2, command: ['sh', '-c', command] },
        ...(definition.executionRoleArn && {
          logConfiguration: {
            logDriver: 'awslogs',
            options: {
              ...{ 'awslogs-group': group, 'awslogs-stream-prefix': family },
              'awslogs-region': 'us-east-1',
            },
          },
        }),
      },
    ],
    ...definition,
  });
  const isOnFargate = definition.requiresCompatibilities?.includes('FARGATE');
  const { tasks = [], failures } = await ecs.runTask({
    taskDefinition: family,
    ...(isOnFargate && { launchType: 'FARGATE' }),
    ...(definition.networkMode === 'awsvpc' && {
      networkConfiguration: { awsvpcConfiguration: { subnets: [await installation.subnetId()] } },
    }),
  });
  expect(failures).toEqual([]);
  const taskArn = tasks[0]?.taskArn ?? '';
  return waitFor(`a task of ${family}`, async () => {
    const { tasks: [task] = [] } = await ecs.describeTasks({ tasks: [taskArn] });
    return task?.lastStatus === 'RUNNING' || task?.lastStatus === 'STOPPED'
      ? { ...task, taskArn }
      : undefined;
  });
}

async function credentialsIn({ taskArn }: { readonly taskArn: string }) {
  const { stateDirectory } = installation;
  const said = await inContainer(stateDirectory, taskArn, asking('$AWS_CONTAINER_CREDENTIALS_RELATIVE_URI'));
  const answer = JSON.parse(said.slice(said.indexOf('{'))) as Record<
    'AccessKeyId' | 'SecretAccessKey' | 'Token' | 'Expiration' | 'RoleArn',
    string
  >;
  const credentials = {
    ...{ accessKeyId: answer.AccessKeyId, secretAccessKey: answer.SecretAccessKey },
    sessionToken: answer.Token,
  };
  const options = installation.clientOptions(credentials);
  return { ...answer, logs: new CloudWatchLogs(options), sts: new STS(options) };
}

describe('a task’s role', () => {
  it.each(['bridge', 'awsvpc', 'host'] as const)(
    'decides what its container may do, in network mode %s',
    async (networkMode) => {
      const task = await launch(`reads-${networkMode}`, { networkMode, taskRoleArn: 'reader' });
      const id = task.taskArn.split('/').at(-1);
      const { logs, sts, RoleArn, Expiration } = await credentialsIn(task);
      const { Arn, Account } = await sts.getCallerIdentity({});
      expect(Arn).toBe(`arn:aws:sts::${Account}:assumed-role/reader/${id}`);
      expect(RoleArn).toBe(`arn:aws:iam::${Account}:role/reader`);
      expect(Date.parse(Expiration) - Date.now()).toBeGreaterThan(5 * 3_600_000);
      await logs.filterLogEvents({ logGroupName: group });
      await expect(
        logs.createLogStream({ logGroupName: group, logStreamName: 'mine' }),
      ).rejects.toMatchObject({
        name: 'AccessDeniedException',
        message: expect.stringContaining(`${Arn} is not authorized to perform: logs:CreateLogStream`),
      });
    },
  );

  it('decides on Fargate, too', async () => {
    const task = await launch('reads-fargate', {
      ...{ networkMode: 'awsvpc', requiresCompatibilities: ['FARGATE'], cpu: '256', memory: '512' },
      taskRoleArn: 'reader',
    });
    const { logs } = await credentialsIn(task);
    await logs.filterLogEvents({ logGroupName: group });
  });

  it('is found by an unmodified SDK, from the container’s environment alone', async () => {
    // In host mode this process has the container's network.
    const task = await launch('sdk', { networkMode: 'host', taskRoleArn: 'reader' });
    const environment = await inContainer(installation.stateDirectory, task.taskArn, 'env');
    const [, uri = ''] = /^AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=(.*)$/m.exec(environment) ?? [];
    const program = `import { CloudWatchLogs } from '@aws-sdk/client-cloudwatch-logs';
      const { events } = await new CloudWatchLogs({}).filterLogEvents({ logGroupName: '${group}' });
      console.log(Array.isArray(events));`;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '--eval', program],
      {
        cwd: import.meta.dirname,
        env: {
          ...{ AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: uri, AWS_ENDPOINT_URL: installation.endpoint },
          ...{
            AWS_REGION: 'us-east-1',
            AWS_CONFIG_FILE: '/dev/null',
            AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
          },
        },
        timeout: 100_000,
      },
    );
    expect(stdout.trim()).toBe('true');
  });

  it('is nobody else’s: another task is denied, and gets nothing by this one’s id', async () => {
    const reader = await launch('reader', { taskRoleArn: 'reader' });
    const uri = await inContainer(
      installation.stateDirectory,
      reader.taskArn,
      'echo -n $AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
    );
    for (const networkMode of ['bridge', 'awsvpc'] as const) {
      const other = await launch(`other-${networkMode}`, { networkMode, taskRoleArn: 'other' });
      const { logs } = await credentialsIn(other);
      await expect(logs.filterLogEvents({ logGroupName: group })).rejects.toMatchObject({
        name: 'AccessDeniedException',
      });
      expect(await inContainer(installation.stateDirectory, other.taskArn, asking(uri))).toMatch(
        /^HTTP\/1.1 400 Bad Request.*InvalidIdInRequest/s,
      );
    }
    const without = await launch('without', {});
    expect(await inContainer(installation.stateDirectory, without.taskArn, 'env')).not.toContain(
      'CREDENTIALS',
    );
  });

  it('lasts through a `kill -9` of Catamaran, with fresh credentials, and ends with its task', async () => {
    const task = await launch('survivor', { taskRoleArn: 'reader' });
    const before = await credentialsIn(task);
    await installation.kill9();
    await installation.up();
    const after = await waitFor('credentials after the restart', () =>
      credentialsIn(task).catch(() => undefined),
    );
    expect(after.AccessKeyId).not.toBe(before.AccessKeyId);
    await after.logs.filterLogEvents({ logGroupName: group });

    await installation.ecs().stopTask({ task: task.taskArn });
    const refusal = await waitFor('the credentials to end', () =>
      after.logs.filterLogEvents({ logGroupName: group }).then(
        () => undefined,
        (error: Error) => error.name,
      ),
    );
    expect(refusal).toBe('ExpiredTokenException');
  }, 240_000);
});

describe('an execution role', () => {
  const messages = async (family: string): Promise<readonly (string | undefined)[]> => {
    const { events = [] } = await installation
      .logs()
      .filterLogEvents({ logGroupName: group, logStreamNamePrefix: family });
    return events.map(({ message }) => message);
  };

  it('writes what containers say, to their last word', async () => {
    await launch('speaks', { executionRoleArn: 'execution' }, 'echo hello; sleep 1; echo bye');
    await waitFor('both lines', async () => ((await messages('speaks')).length === 2 ? true : undefined));
    expect(await messages('speaks')).toEqual(['hello', 'bye']);
  });

  it('that may not write keeps them from starting', async () => {
    const task = await launch('mute', { executionRoleArn: 'other' }, 'echo hello');
    expect(task).toMatchObject({
      stopCode: 'TaskFailedToStart',
      stoppedReason: expect.stringMatching(/failed to create Cloudwatch log stream: AccessDeniedException/),
    });
  });
});

it('a role that trusts another service is not assumed', async () => {
  const ecs = installation.ecs();
  await ecs.registerTaskDefinition({
    family: 'untrusted',
    taskRoleArn: 'ec2',
    containerDefinitions: [{ name: 'app', image, memory: 16 }],
  });
  await expect(ecs.runTask({ taskDefinition: 'untrusted' })).rejects.toMatchObject({
    name: 'ClientException',
    message: expect.stringMatching(
      /^ECS was unable to assume the role 'arn:aws:iam::\d+:role\/ec2' that was/,
    ),
  });
});
