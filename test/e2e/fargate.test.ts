import type { ECS, Task } from '@aws-sdk/client-ecs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StatusResponse } from '../../src/cli/index.ts';
import { installationContainers, testImage, testImageName } from './image.ts';
import { catamaran, Installation, waitFor } from './installation.ts';

/** Fargate on a real Engine: sizes, isolation, a service that answers, and Spot. */
describe('Fargate', () => {
  let installation: Installation;
  let subnetId: string;
  let ecs: ECS;
  let status: StatusResponse;

  beforeAll(async () => {
    await testImage();
    installation = await Installation.start();
    ecs = installation.ecs();
    const { stdout } = await catamaran(['status', '--json', '--state', installation.stateDirectory]);
    status = JSON.parse(stdout) as StatusResponse;
    await ecs.registerTaskDefinition({
      family: 'site',
      requiresCompatibilities: ['FARGATE'],
      networkMode: 'awsvpc',
      cpu: '256',
      memory: '512',
      containerDefinitions: [
        {
          name: 'web',
          image: testImageName,
          stopTimeout: 2,
          // It answers with the version of the kernel and the size of the disk that it sees, and ends at once when asked to.
          command: [
            'sh',
            '-c',
            'mkdir /www && cp /proc/version /www/index.html && df -k / | tail -1 > /www/disk && trap "exit 0" TERM && httpd -f -p 80 -h /www & wait',
          ],
          portMappings: [{ containerPort: 80 }],
        },
      ],
    });
    subnetId = await installation.subnetId();
    await installation.openDefaultGroup();
    await ecs.putClusterCapacityProviders({
      cluster: 'default',
      capacityProviders: ['FARGATE', 'FARGATE_SPOT'],
      defaultCapacityProviderStrategy: [],
    });
  });
  afterAll(async () => {
    await installation?.[Symbol.asyncDispose]();
  });

  const network = () => ({
    awsvpcConfiguration: { subnets: [subnetId], assignPublicIp: 'ENABLED' as const },
  });
  const describeOne = async (taskArn: string): Promise<Task | undefined> =>
    (await ecs.describeTasks({ tasks: [taskArn] })).tasks?.[0];
  const reaches = async (taskArn: string, lastStatus: string): Promise<Task> => {
    let seen: Task | undefined;
    return waitFor(
      `${taskArn} to be ${lastStatus}`,
      async () => {
        seen = await describeOne(taskArn);
        return seen?.lastStatus === lastStatus ? seen : undefined;
      },
      () => seen,
    );
  };
  const publicAddressOf = async (task: Task | undefined): Promise<string | undefined> => {
    const details = task?.attachments?.[0]?.details ?? [];
    const interfaceId = details.find(({ name }) => name === 'networkInterfaceId')?.value ?? '';
    const { NetworkInterfaces: [eni] = [] } = await installation
      .ec2()
      .describeNetworkInterfaces({ NetworkInterfaceIds: [interfaceId] });
    return eni?.Association?.PublicIp;
  };
  const ask = async (task: Task | undefined, path = '/'): Promise<string> => {
    const address = await publicAddressOf(task);
    return waitFor(`an answer of ${address}`, async () => {
      try {
        return await (await fetch(`http://${address}${path}`, { signal: AbortSignal.timeout(2_000) })).text();
      } catch {
        return undefined;
      }
    });
  };

  it('runs a task of its own size under the isolation that status tells of', async () => {
    const { tasks = [], failures } = await ecs.runTask({
      taskDefinition: 'site',
      launchType: 'FARGATE',
      networkConfiguration: network(),
    });
    expect(failures).toEqual([]);
    const taskArn = tasks[0]?.taskArn ?? '';
    const task = await reaches(taskArn, 'RUNNING');
    expect(task).toMatchObject({ launchType: 'FARGATE', platformVersion: '1.4.0' });
    expect(task).not.toHaveProperty('containerInstanceArn');

    const kernel = await ask(task);
    const own = await (await import('node:fs/promises')).readFile('/proc/version', 'utf8');
    expect(['gvisor', 'runc']).toContain(status.fargate.isolation);
    expect(status.fargate.storage).toContain('a file system of its own');
    if (status.fargate.isolation === 'gvisor') expect(kernel).not.toBe(own);
    else expect(kernel).toBe(own);

    // It has 20 GiB, and the disk of the machine is larger.
    const [, kibibytes] = (await ask(task, '/disk')).trim().split(/\s+/);
    expect(Number(kibibytes) / 1_024 ** 2).toBeCloseTo(20, 1);

    const { containerInstances = [] } = await ecs.describeContainerInstances({
      containerInstances: (await ecs.listContainerInstances({})).containerInstanceArns ?? [],
    });
    const [own1] = containerInstances;
    const amount = (which: 'registeredResources' | 'remainingResources') =>
      own1?.[which]?.find(({ name }) => name === 'CPU')?.integerValue ?? 0;
    expect(amount('registeredResources') - amount('remainingResources')).toBe(256);

    await ecs.stopTask({ task: taskArn });
    expect(await reaches(taskArn, 'STOPPED')).toMatchObject({ stopCode: 'UserInitiated' });
  }, 300_000);

  it('keeps a service on Spot through an interruption', async () => {
    await ecs.createService({
      serviceName: 'site',
      taskDefinition: 'site',
      desiredCount: 1,
      capacityProviderStrategy: [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }],
      networkConfiguration: network(),
    });
    const running = async (but?: string): Promise<Task> =>
      waitFor('a running task of the service', async () => {
        const { taskArns = [] } = await ecs.listTasks({ serviceName: 'site' });
        if (taskArns.length === 0) return undefined;
        const { tasks = [] } = await ecs.describeTasks({ tasks: taskArns });
        return tasks.find(({ taskArn, lastStatus }) => lastStatus === 'RUNNING' && taskArn !== but);
      });
    const first = await running();
    expect(first).toMatchObject({ capacityProviderName: 'FARGATE_SPOT', launchType: 'FARGATE' });
    await ask(first);

    const taskArn = first.taskArn ?? '';
    const { code, stdout } = await catamaran([
      ...['spot', 'interrupt', taskArn, '--json'],
      ...['--state', installation.stateDirectory],
    ]);
    expect([code, JSON.parse(stdout)]).toEqual([0, { taskArns: [taskArn] }]);
    expect(await reaches(taskArn, 'STOPPED')).toMatchObject({
      stopCode: 'SpotInterruption',
      stoppedReason: 'Your Spot Task was interrupted.',
    });
    const second = await running(taskArn);
    await ask(second);
    await ecs.deleteService({ service: 'site', force: true });
    await reaches(second.taskArn ?? '', 'STOPPED');
    await waitFor('no container to run', async () => {
      const containers = await installationContainers(installation.stateDirectory);
      return containers.some(({ status: { state } }) => state === 'running') ? undefined : true;
    });
  }, 400_000);
});
