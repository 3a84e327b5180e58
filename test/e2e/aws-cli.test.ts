import type { GetLogEventsResponse } from '@aws-sdk/client-cloudwatch-logs';
import type {
  DescribeTasksResponse,
  ListContainerInstancesResponse,
  ListTasksResponse,
  RunTaskResponse,
} from '@aws-sdk/client-ecs';
import type { GetCallerIdentityResponse } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testImage } from './image.ts';
import { Installation, waitFor } from './installation.ts';

/**
 * The AWS CLI as people use it, its waiters included. Debian 12's CLI ignores AWS_ENDPOINT_URL, so everything
 * goes through `./catamaran aws`. The tests run side by side, because waiters look every 6 or 15 seconds only.
 */
describe.concurrent('the AWS CLI', () => {
  let installation: Installation;

  beforeAll(async () => {
    await testImage();
    installation = await Installation.start();
  }, 180_000);
  afterAll(async () => {
    await installation?.[Symbol.asyncDispose]();
  }, 180_000);

  /** Runs it, expects success, and gives its JSON in the SDK's shape. */
  const aws = async <Answer extends object = object>(...args: string[]): Promise<Answer> => {
    const outcome = await installation.aws(...args);
    expect(outcome.code, `aws ${args.join(' ')}\n${outcome.stderr}`).toBe(0);
    return (outcome.json ?? {}) as Answer;
  };

  it('knows who is calling', async () => {
    const identity = await aws<GetCallerIdentityResponse>('sts', 'get-caller-identity');
    expect(identity).toMatchObject({ Arn: `arn:aws:iam::${identity.Account}:root` });
  });

  it('finds the cluster "default" with this machine as its container instance', async () => {
    const { containerInstanceArns = [] } = await aws<ListContainerInstancesResponse>(
      'ecs',
      'list-container-instances',
    );
    expect(containerInstanceArns).toHaveLength(1);
    const described = await aws(
      'ecs',
      'describe-container-instances',
      '--container-instances',
      containerInstanceArns[0] ?? '',
    );
    expect(described).toMatchObject({
      containerInstances: [{ status: 'ACTIVE', agentConnected: true }],
      failures: [],
    });
  });

  it('runs a task, waits for it, reads its logs and stops it', async () => {
    await aws('logs', 'create-log-group', '--log-group-name', '/cli/task');
    await aws(
      'ecs',
      'register-task-definition',
      '--family',
      'cli-task',
      '--container-definitions',
      JSON.stringify([
        {
          name: 'main',
          image: await testImage(),
          memory: 32,
          command: ['sh', '-c', 'trap "exit 3" TERM; echo hello from $NAME; while true; do sleep 0.1; done'],
          environment: [{ name: 'NAME', value: 'nobody' }],
          logConfiguration: {
            logDriver: 'awslogs',
            options: {
              'awslogs-group': '/cli/task',
              'awslogs-region': 'us-east-1',
              'awslogs-stream-prefix': 'cli',
            },
          },
        },
      ]),
    );
    const { tasks = [] } = await aws<RunTaskResponse>(
      'ecs',
      'run-task',
      '--task-definition',
      'cli-task',
      '--started-by',
      'cli-test',
      '--overrides',
      JSON.stringify({
        containerOverrides: [{ name: 'main', environment: [{ name: 'NAME', value: 'ada' }] }],
      }),
    );
    const taskArn = tasks[0]?.taskArn ?? '';
    await aws('ecs', 'wait', 'tasks-running', '--tasks', taskArn);
    const stream = `cli/main/${taskArn.split('/').at(-1)}`;
    await waitFor('its words', async () => {
      const named = { logGroupName: '/cli/task', logStreamName: stream };
      const said = await installation
        .logs()
        .getLogEvents(named)
        .catch(() => undefined);
      return said?.events?.[0];
    });
    await aws('ecs', 'stop-task', '--task', taskArn, '--reason', 'seen enough');
    await aws('ecs', 'wait', 'tasks-stopped', '--tasks', taskArn);
    expect(await aws('ecs', 'describe-tasks', '--tasks', taskArn)).toMatchObject({
      tasks: [
        {
          lastStatus: 'STOPPED',
          desiredStatus: 'STOPPED',
          stopCode: 'UserInitiated',
          stoppedReason: 'seen enough',
          startedBy: 'cli-test',
          containers: [{ name: 'main', exitCode: 3, lastStatus: 'STOPPED' }],
        },
      ],
    });
    const { events = [] } = await aws<GetLogEventsResponse>(
      'logs',
      'get-log-events',
      '--log-group-name',
      '/cli/task',
      '--log-stream-name',
      stream,
      '--start-from-head',
    );
    expect(events.map(({ message }) => message)).toEqual(['hello from ada']);
  }, 400_000);

  it('creates, updates and deletes a service, and its waiters tell the truth', async () => {
    const definition = (text: string) =>
      JSON.stringify([
        {
          name: 'web',
          image: 'catamaran/test:latest',
          memory: 32,
          stopTimeout: 2,
          command: ['sleep', '3600'],
          environment: [{ name: 'TEXT', value: text }],
        },
      ]);
    await aws(
      'ecs',
      'register-task-definition',
      '--family',
      'cli-service',
      '--container-definitions',
      definition('one'),
    );
    await aws(
      'ecs',
      'create-service',
      '--service-name',
      'web',
      '--task-definition',
      'cli-service',
      '--desired-count',
      '2',
    );
    await aws('ecs', 'wait', 'services-stable', '--services', 'web');
    const first = await aws<ListTasksResponse>('ecs', 'list-tasks', '--service-name', 'web');
    expect(first.taskArns).toHaveLength(2);

    await aws(
      'ecs',
      'register-task-definition',
      '--family',
      'cli-service',
      '--container-definitions',
      definition('two'),
    );
    await aws('ecs', 'update-service', '--service', 'web', '--task-definition', 'cli-service');
    await aws('ecs', 'wait', 'services-stable', '--services', 'web');
    expect(await aws('ecs', 'describe-services', '--services', 'web')).toMatchObject({
      services: [
        { runningCount: 2, deployments: [{ status: 'PRIMARY', rolloutState: 'COMPLETED', runningCount: 2 }] },
      ],
    });
    const { taskArns = [] } = await aws<ListTasksResponse>('ecs', 'list-tasks', '--service-name', 'web');
    const { tasks = [] } = await aws<DescribeTasksResponse>('ecs', 'describe-tasks', '--tasks', ...taskArns);
    for (const { taskDefinitionArn } of tasks) expect(taskDefinitionArn).toMatch(/cli-service:2$/);

    await aws('ecs', 'delete-service', '--service', 'web', '--force');
    await aws('ecs', 'wait', 'services-inactive', '--services', 'web');
    expect(await aws('ecs', 'list-tasks', '--family', 'cli-service')).toMatchObject({ taskArns: [] });
  }, 500_000);

  it('shows refusals in the words of AWS', async () => {
    const missing = await installation.aws(
      'ecs',
      'describe-services',
      '--cluster',
      'nowhere',
      '--services',
      'x',
    );
    expect(missing.code).not.toBe(0);
    expect(missing.stderr).toContain('(ClusterNotFoundException)');
    const unsupported = await installation.aws(
      'ecs',
      'create-capacity-provider',
      '--name',
      'x',
      '--auto-scaling-group-provider',
      'autoScalingGroupArn=arn,managedScaling={status=ENABLED}',
    );
    expect(unsupported.stderr).toContain('(UnsupportedFeatureException)');
    const unknown = await installation.aws('ecs', 'stop-task', '--task', '0123456789abcdef0123456789abcdef');
    expect(unknown.stderr).toContain('The referenced task was not found.');
  });
});
