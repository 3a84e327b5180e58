import { get } from 'node:http';
import type { ContainerDefinition, ECS, RegisterTaskDefinitionCommandInput, Task } from '@aws-sdk/client-ecs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installationContainers, testImage, testImageName } from './image.ts';
import { Installation, waitFor } from './installation.ts';

/** What a task definition asks for, found in the container that runs. */
describe('a task on the Engine', () => {
  let installation: Installation;
  let ecs: ECS;
  let families = 0;

  beforeAll(async () => {
    await testImage();
    installation = await Installation.start();
    ecs = installation.ecs();
    await installation.logs().createLogGroup({ logGroupName: '/e2e' });
  });
  afterAll(async () => {
    await installation?.[Symbol.asyncDispose]();
  });

  type Container = Partial<ContainerDefinition> & { readonly sh?: string };

  /** Registers and runs a task definition; `sh` is the shell command of a container. Output goes to the log group /e2e. */
  const launch = async (
    containers: readonly Container[],
    definition: Partial<RegisterTaskDefinitionCommandInput> = {},
    run: object = {},
  ): Promise<string> => {
    families += 1;
    const family = `e2e-${families}`;
    await ecs.registerTaskDefinition({
      family,
      ...definition,
      containerDefinitions: containers.map(({ sh, ...container }, index) => ({
        name: `c${index}`,
        image: testImageName,
        memory: 32,
        stopTimeout: 2,
        ...(sh === undefined ? {} : { command: ['sh', '-c', sh] }),
        logConfiguration: {
          logDriver: 'awslogs' as const,
          options: {
            'awslogs-group': '/e2e',
            'awslogs-region': 'us-east-1',
            'awslogs-stream-prefix': family,
          },
        },
        ...container,
      })),
    });
    const { tasks = [], failures } = await ecs.runTask({ taskDefinition: family, ...run });
    expect(failures).toEqual([]);
    return tasks[0]?.taskArn ?? '';
  };

  const reaches = async (task: string, status: 'RUNNING' | 'STOPPED'): Promise<Task> => {
    let seen: Task | undefined;
    return waitFor(
      `${task} to be ${status}`,
      async () => {
        seen = (await ecs.describeTasks({ tasks: [task] })).tasks?.[0];
        if (seen?.lastStatus === status) return seen;
        if (seen?.lastStatus === 'STOPPED') throw new Error(`It stopped: ${JSON.stringify(seen, null, 1)}`);
        return undefined;
      },
      () => seen,
    );
  };

  /** So many lines at least that a container of the task has written: they may arrive after its end. */
  const outputOf = (task: Task, count: number, container = 'c0'): Promise<string[]> => {
    const family = task.group?.replace('family:', '');
    const logStreamName = `${family}/${container}/${task.taskArn?.split('/').at(-1)}`;
    let seen: string[] = [];
    return waitFor(
      `${count} lines of ${container}`,
      async () => {
        const { events = [] } = await installation
          .logs()
          .getLogEvents({ logGroupName: '/e2e', logStreamName, startFromHead: true });
        seen = events.map(({ message = '' }) => message);
        return seen.length < count ? undefined : seen;
      },
      () => seen,
    );
  };

  it('gets its command, environment, user, directory, limits and read-only root', async () => {
    const task = await reaches(
      await launch([
        {
          entryPoint: ['sh', '-c'],
          command: [
            'echo "$GREETING $(id -u) $(pwd) $(ulimit -n)"; touch /x 2>/dev/null || echo read-only; cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null; true',
          ],
          environment: [{ name: 'GREETING', value: 'hi' }],
          user: '1234',
          workingDirectory: '/tmp',
          readonlyRootFilesystem: true,
          ulimits: [{ name: 'nofile', softLimit: 512, hardLimit: 512 }],
        },
      ]),
      'STOPPED',
    );
    expect(task).toMatchObject({
      stopCode: 'EssentialContainerExited',
      stoppedReason: 'Essential container in task exited',
    });
    expect(task.containers?.[0]?.exitCode).toBe(0);
    const lines = await outputOf(task, 2);
    expect(lines.slice(0, 2)).toEqual(['hi 1234 /tmp 512', 'read-only']);
  });

  it('is told OutOfMemoryError when its memory limit kills it', async () => {
    const task = await reaches(await launch([{ memory: 8, sh: 'tail /dev/zero' }]), 'STOPPED');
    expect(task.containers?.[0]).toMatchObject({
      exitCode: 137,
      reason: expect.stringMatching(/^OutOfMemoryError: Container killed due to memory usage/),
    });
  });

  it('starts containers in the order of dependsOn and stops with its essential container', async () => {
    const task = await reaches(
      await launch(
        [
          {
            name: 'main',
            sh: 'cat /shared/ready; exit 5',
            dependsOn: [{ containerName: 'init', condition: 'SUCCESS' }],
            mountPoints: [{ sourceVolume: 'shared', containerPath: '/shared' }],
          },
          {
            name: 'init',
            essential: false,
            sh: 'until test -e /shared/trapped; do sleep 0.1; done; echo prepared > /shared/ready',
            mountPoints: [{ sourceVolume: 'shared', containerPath: '/shared' }],
          },
          {
            name: 'sidecar',
            essential: false,
            sh: 'trap "exit 0" TERM; touch /shared/trapped; while true; do sleep 0.1; done',
            stopTimeout: 60,
            mountPoints: [{ sourceVolume: 'shared', containerPath: '/shared' }],
          },
        ],
        { volumes: [{ name: 'shared' }] },
      ),
      'STOPPED',
    );
    const exitCodes = Object.fromEntries(
      (task.containers ?? []).map(({ name = '', exitCode }) => [name, exitCode]),
    );
    expect(exitCodes).toEqual({ main: 5, init: 0, sidecar: 0 });
    expect(await outputOf(task, 1, 'main')).toEqual(['prepared']);
  });

  it('becomes HEALTHY by its container health check', async () => {
    const arn = await launch([
      {
        sh: 'touch /healthy; sleep 600',
        healthCheck: { command: ['CMD-SHELL', 'test -f /healthy'], interval: 5, retries: 1, timeout: 10 },
      },
    ]);
    await waitFor('the task to be HEALTHY', async () => {
      const { tasks } = await ecs.describeTasks({ tasks: [arn] });
      return tasks?.[0]?.healthStatus === 'HEALTHY' ? true : undefined;
    });
    await ecs.stopTask({ task: arn });
    await reaches(arn, 'STOPPED');
  });

  it('answers on the dynamic host port that DescribeTasks shows', async () => {
    const arn = await launch([
      {
        sh: 'mkdir /www; echo served > /www/index.html; exec httpd -f -p 8080 -h /www',
        portMappings: [{ containerPort: 8080 }],
      },
    ]);
    const task = await reaches(arn, 'RUNNING');
    const binding = task.containers?.[0]?.networkBindings?.[0];
    expect(binding).toMatchObject({ containerPort: 8080, protocol: 'tcp' });
    const body = await waitFor('the server in the container to answer', () =>
      fetchText(`http://${binding?.bindIP}:${binding?.hostPort}/`),
    );
    expect(body).toBe('served\n');
    await ecs.stopTask({ task: arn });
    await reaches(arn, 'STOPPED');
  });

  it('says which port is taken when two tasks want the same', async () => {
    const ports = { portMappings: [{ containerPort: 80, hostPort: 18_080 }] };
    const arn = await launch([{ sh: 'sleep 600', ...ports }]);
    await reaches(arn, 'RUNNING');
    families += 1;
    await ecs.registerTaskDefinition({
      family: `e2e-${families}`,
      containerDefinitions: [{ name: 'c0', image: testImageName, memory: 16, ...ports }],
    });
    const second = await ecs.runTask({ taskDefinition: `e2e-${families}` });
    expect(second).toMatchObject({ tasks: [], failures: [{ reason: 'RESOURCE:PORTS' }] });
    await ecs.stopTask({ task: arn });
    await reaches(arn, 'STOPPED');
  });

  it('has one address for all its containers in awsvpc mode', async () => {
    const subnetId = await installation.subnetId();
    const network = {
      networkConfiguration: { awsvpcConfiguration: { subnets: [subnetId] } },
    };
    const server = await reaches(
      await launch(
        [
          { sh: 'mkdir /www; echo private > /www/index.html; exec httpd -f -p 80 -h /www' },
          { name: 'neighbour', sh: 'until wget -q -O - http://127.0.0.1/; do sleep 0.1; done; sleep 600' },
        ],
        { networkMode: 'awsvpc' },
        network,
      ),
      'RUNNING',
    );
    const address = server.containers?.[0]?.networkInterfaces?.[0]?.privateIpv4Address;
    const details = Object.fromEntries(
      (server.attachments?.[0]?.details ?? []).map(({ name = '', value }) => [name, value]),
    );
    expect(details).toMatchObject({ subnetId, privateIPv4Address: address });
    const client = await reaches(
      await launch(
        [
          {
            sh: `until wget -q -O - http://${address}/; do sleep 0.1; done; ip addr show eth0 | grep -c ${address}/`,
          },
        ],
        { networkMode: 'awsvpc' },
        network,
      ),
      'STOPPED',
    );
    expect(await outputOf(client, 2)).toEqual(['private', '0']);
    await ecs.stopTask({ task: server.taskArn });
    await reaches(server.taskArn ?? '', 'STOPPED');
  });

  it('reads its own metadata', async () => {
    const task = await reaches(
      await launch([{ sh: 'wget -q -O - $ECS_CONTAINER_METADATA_URI_V4/task; echo' }]),
      'STOPPED',
    );
    const metadata = JSON.parse((await outputOf(task, 1))[0] ?? '{}') as Record<string, unknown>;
    expect(metadata).toMatchObject({
      TaskARN: task.taskArn,
      Family: task.group?.replace('family:', ''),
      Revision: '1',
      LaunchType: 'EC2',
    });
  });

  it('is restarted in place by its restart policy', async () => {
    const arn = await launch([
      {
        sh: 'echo start; sleep 0.2; exit 1',
        essential: false,
        restartPolicy: { enabled: true, restartAttemptPeriod: 60 },
      },
      { sh: 'sleep 600' },
    ]);
    await reaches(arn, 'RUNNING');
    await waitFor(
      'the short container to end for good: it ran for less than restartAttemptPeriod',
      async () => {
        const { tasks } = await ecs.describeTasks({ tasks: [arn] });
        return tasks?.[0]?.containers?.find(({ name }) => name === 'c0')?.exitCode === 1 ? true : undefined;
      },
    );
    await ecs.stopTask({ task: arn });
    await reaches(arn, 'STOPPED');
  });

  it.each([
    [
      'an image that does not exist',
      { image: 'catamaran/does-not-exist:1' },
      /^CannotPullContainerError: .*catamaran\/does-not-exist:1/,
      'TaskFailedToStart',
    ],
    [
      'a command that does not exist',
      { command: ['/no/such/program'] },
      /^CannotStartContainerError: .*no such file/,
      'TaskFailedToStart',
    ],
  ])('says why it did not start: %s', async (_name, container, reason, stopCode) => {
    const task = await reaches(await launch([container]), 'STOPPED');
    expect(task.stopCode).toBe(stopCode);
    expect(task.containers?.[0]?.reason).toMatch(reason);
  });

  it('leaves nothing running behind', async () => {
    await waitFor('no container to run', async () => {
      const containers = await installationContainers(installation.stateDirectory);
      return containers.every(({ status }) => status.state !== 'running') ? true : undefined;
    });
  });
});

function fetchText(url: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const asked = get(url, { timeout: 10_000 }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve(response.statusCode === 200 ? text : undefined));
      response.on('error', () => resolve(undefined));
    });
    asked.on('timeout', () => asked.destroy());
    asked.on('error', () => resolve(undefined));
  });
}
