import type { ECS, Task } from '@aws-sdk/client-ecs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { InstanceDescription } from '../../src/cli/index.ts';
import { addEcsRole, addInstanceProfile } from './ecs-roles.ts';
import { inContainer, testImage, testImageName } from './image.ts';
import { Installation, waitFor } from './installation.ts';

/** Managed Instances on a real Engine: launched for a service, kept over a restart, ended when nothing needs them. */
describe('Managed Instances', () => {
  let installation: Installation;
  let subnetId: string;
  let ecs: ECS;

  beforeAll(async () => {
    await testImage();
    installation = await Installation.start();
    ecs = installation.ecs();
    await ecs.registerTaskDefinition({
      ...{ family: 'site', requiresCompatibilities: ['MANAGED_INSTANCES'], networkMode: 'awsvpc' },
      ...{ cpu: '128', memory: '128' },
      containerDefinitions: [
        {
          ...{ name: 'web', image: testImageName, stopTimeout: 2, portMappings: [{ containerPort: 80 }] },
          command: [
            ...['sh', '-c'],
            'mkdir /www && echo managed > /www/index.html && trap "exit 0" TERM && httpd -f -p 80 -h /www & wait',
          ],
        },
      ],
    });
    subnetId = await installation.subnetId();
    const infrastructureRoleArn = await addEcsRole(installation, 'ecsInfrastructureRole');
    const instanceProfileArn = await addInstanceProfile(
      installation,
      infrastructureRoleArn.split('/')[1] ?? '',
    );
    await ecs.createCapacityProvider({
      ...{ name: 'pool', cluster: 'default' },
      managedInstancesProvider: {
        infrastructureRoleArn,
        instanceLaunchTemplate: {
          ec2InstanceProfileArn: instanceProfileArn,
          storageConfiguration: { storageSizeGiB: 3 },
          networkConfiguration: { subnets: [subnetId] },
          instanceRequirements: {
            ...{ vCpuCount: { min: 1, max: 2 }, memoryMiB: { min: 512, max: 1_024 } },
            burstablePerformance: 'required',
          },
        },
        infrastructureOptimization: { scaleInAfter: 3 },
      },
    });
  });
  afterAll(async () => {
    await installation?.[Symbol.asyncDispose]();
  });

  const tasksOfService = async (): Promise<Task[]> => {
    const { taskArns = [] } = await ecs.listTasks({ serviceName: 'site' });
    return taskArns.length === 0 ? [] : ((await ecs.describeTasks({ tasks: taskArns })).tasks ?? []);
  };
  const onMachine = async (): Promise<InstanceDescription[]> => {
    const { stdout } = await installation.catamaran('instance', 'list', '--json');
    return (JSON.parse(stdout) as { instances: InstanceDescription[] }).instances;
  };
  const managed = async () => {
    const { containerInstanceArns = [] } = await ecs.listContainerInstances({});
    const { containerInstances = [] } = await ecs.describeContainerInstances({
      containerInstances: containerInstanceArns,
    });
    return containerInstances.filter(({ capacityProviderName }) => capacityProviderName === 'pool');
  };

  it('come for the tasks that wait for them, with a type, an interface and a share of the machine', async () => {
    const before = (await onMachine()).find(({ name }) => name === 'machine');
    await ecs.createService({
      ...{ serviceName: 'site', taskDefinition: 'site', desiredCount: 2 },
      capacityProviderStrategy: [{ capacityProvider: 'pool', weight: 1 }],
      networkConfiguration: { awsvpcConfiguration: { subnets: [subnetId] } },
    });
    const running = await waitFor(
      'two tasks to run',
      async () => {
        const found = await tasksOfService();
        const isSo = found.length === 2 && found.every(({ lastStatus }) => lastStatus === 'RUNNING');
        return isSo ? found : undefined;
      },
      tasksOfService,
    );
    expect(running).toMatchObject([
      { launchType: 'MANAGED_INSTANCES', capacityProviderName: 'pool' },
      { launchType: 'MANAGED_INSTANCES', capacityProviderName: 'pool' },
    ]);
    // One that got no task may be ending already.
    const hosts = new Set(running.map(({ containerInstanceArn }) => containerInstanceArn));
    const instances = (await managed()).filter((it) => hosts.has(it.containerInstanceArn));
    const ids = instances.map(({ ec2InstanceId = '' }) => ec2InstanceId);
    const { Reservations = [] } = await installation.ec2().describeInstances({ InstanceIds: ids });
    const launched = Reservations.flatMap(({ Instances = [] }) => Instances);
    expect(launched.map(({ SubnetId }) => SubnetId)).toEqual(ids.map(() => subnetId));
    for (const { InstanceType, NetworkInterfaces } of launched) {
      expect(InstanceType).toMatch(/^t\d\w*\.(?:nano|micro)$/);
      expect(NetworkInterfaces).toHaveLength(1);
    }
    // Their interfaces are in the network of the machine.
    await waitFor('the interfaces to be there', async () => {
      const { NetworkInterfaces = [] } = await installation.ec2().describeNetworkInterfaces({
        Filters: [{ Name: 'attachment.instance-id', Values: ids }],
      });
      const areThere = NetworkInterfaces.every(({ Attachment }) => Attachment?.Status === 'attached');
      return NetworkInterfaces.length === ids.length && areThere ? true : undefined;
    });
    // What they have, the machine's own instance has no more.
    const shares = await onMachine();
    expect(shares.map(({ id }) => id)).toEqual(expect.arrayContaining(ids));
    const given = shares
      .filter(({ name }) => name !== 'machine')
      .reduce((sum, { memory }) => sum + memory, 0);
    expect(shares.find(({ name }) => name === 'machine')?.memory).toBe((before?.memory ?? 0) - given);
    expect(given).toBeGreaterThan(0);
  }, 240_000);

  it('run tasks that reach each other in the VPC', async () => {
    const [task] = await tasksOfService();
    const details = task?.attachments?.[0]?.details ?? [];
    const address = details.find(({ name }) => name === 'privateIPv4Address')?.value ?? '';
    const { tasks: [other] = [] } = await ecs.runTask({
      ...{ taskDefinition: 'site', capacityProviderStrategy: [{ capacityProvider: 'pool', weight: 1 }] },
      networkConfiguration: { awsvpcConfiguration: { subnets: [subnetId] } },
    });
    const arn = other?.taskArn ?? '';
    await waitFor('another task to run', async () => {
      const { tasks: [now] = [] } = await ecs.describeTasks({ tasks: [arn] });
      return now?.lastStatus === 'RUNNING' ? true : undefined;
    });
    const answer = await waitFor('the first to answer', () =>
      inContainer(installation.stateDirectory, arn, `timeout 10 wget -qO- http://${address}/`).catch(
        () => undefined,
      ),
    );
    expect(answer.trim()).toBe('managed');
    await ecs.stopTask({ task: arn });
  });

  it('stay with their tasks when Catamaran is started again', async () => {
    const idsOf = async () => (await managed()).map(({ ec2InstanceId }) => ec2InstanceId).sort();
    const tasksBefore = (await tasksOfService()).map(({ taskArn }) => taskArn).sort();
    await installation.catamaran('down');
    await installation.up();
    ecs = installation.ecs();
    await waitFor('the agents to be back', async () =>
      (await managed()).every(({ agentConnected }) => agentConnected) ? true : undefined,
    );
    expect((await tasksOfService()).map(({ taskArn }) => taskArn).sort()).toEqual(tasksBefore);
    expect((await idsOf()).length).toBeGreaterThan(0);
  });

  it('have the daemon of their provider before any task', async () => {
    const { daemonTaskDefinitionArn } = await ecs.registerDaemonTaskDefinition({
      family: 'agent',
      containerDefinitions: [
        {
          ...{ name: 'agent', image: testImageName, memory: 16, stopTimeout: 2 },
          command: ['sh', '-c', 'trap "exit 0" TERM; sleep 3600 & wait'],
        },
      ],
    });
    const { capacityProviders: [pool] = [] } = await ecs.describeCapacityProviders({
      capacityProviders: ['pool'],
    });
    const { deploymentArn = '' } = await ecs.createDaemon({
      ...{ daemonName: 'agent', daemonTaskDefinitionArn, deploymentConfiguration: { drainPercent: 100 } },
      capacityProviderArns: [pool?.capacityProviderArn ?? ''],
    });
    const deployment = async () =>
      (await ecs.describeDaemonDeployments({ daemonDeploymentArns: [deploymentArn] })).daemonDeployments?.[0];
    await waitFor(
      'the daemon to be on all instances',
      async () => ((await deployment())?.status === 'SUCCESSFUL' ? true : undefined),
      deployment,
    );
    const running = async (asked: { readonly daemonName: string } | { readonly serviceName: string }) => {
      const { taskArns = [] } = await ecs.listTasks(asked);
      const { tasks = [] } = taskArns.length === 0 ? {} : await ecs.describeTasks({ tasks: taskArns });
      return tasks.filter(({ lastStatus }) => lastStatus === 'RUNNING');
    };
    let seen: readonly (readonly Task[])[] = [];
    // Those that were on drained instances are replaced.
    const [daemons = [], served = []] = await waitFor(
      'two tasks with a daemon beside each',
      async () => {
        const [daemons, served] = [
          await running({ daemonName: 'agent' }),
          await running({ serviceName: 'site' }),
        ];
        seen = [daemons, served];
        const hosts = new Set(daemons.map(({ containerInstanceArn }) => containerInstanceArn));
        const areBeside = served.every(({ containerInstanceArn }) => hosts.has(containerInstanceArn));
        return served.length === 2 && areBeside ? seen : undefined;
      },
      () => seen,
    );
    for (const { containerInstanceArn, createdAt } of served) {
      const daemon = daemons.find((task) => task.containerInstanceArn === containerInstanceArn);
      expect(daemon).toMatchObject({ lastStatus: 'RUNNING', group: 'daemon:agent' });
      expect(daemon?.startedAt?.getTime()).toBeGreaterThan(0);
      expect(createdAt).toBeDefined();
    }
  }, 300_000);

  it('end when no task needs them, and their provider after them', async () => {
    await ecs.deleteService({ service: 'site', force: true });
    await waitFor(
      'the last instance to end',
      async () => ((await managed()).length === 0 ? true : undefined),
      managed,
    );
    await waitFor('the machine to have its share back', async () =>
      (await onMachine()).length === 1 ? true : undefined,
    );
    await waitFor('their interfaces to be gone', async () => {
      const { NetworkInterfaces = [] } = await installation.ec2().describeNetworkInterfaces({
        Filters: [{ Name: 'tag-key', Values: ['AmazonECSManaged'] }],
      });
      return NetworkInterfaces.length === 0 || undefined;
    });
    await ecs.deleteCapacityProvider({ capacityProvider: 'pool', cluster: 'default' });
    await waitFor('the provider to be INACTIVE', async () => {
      const { capacityProviders: [pool] = [] } = await ecs.describeCapacityProviders({
        capacityProviders: ['pool'],
      });
      return pool?.status === 'INACTIVE' ? true : undefined;
    });
  }, 300_000);
});
