import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { AcsTask } from '../../protocols/index.ts';
import { SimRuntime } from '../../runtime/sim/index.ts';
import type { Agent } from '../agent.ts';
import type { AgentSettings } from '../agent-options.ts';
import { TestInstance } from '../testing/test-instance.ts';

let instance: TestInstance;
let agent: Agent | undefined;

beforeEach(async () => {
  instance = await TestInstance.open();
});

afterEach(async () => {
  vi.restoreAllMocks();
  await instance[Symbol.asyncDispose]();
});

async function start(settings: Partial<AgentSettings> = {}): Promise<void> {
  agent = await instance.start({ metadata: { host: '127.0.0.1', port: 0 }, settings });
}

const taskArn = () => `${instance.plane.clusterArn.replace(':cluster/', ':task/')}/0001`;

function task(): AcsTask {
  return {
    arn: taskArn(),
    family: 'web',
    version: '3',
    desiredStatus: 'RUNNING',
    taskClusterArn: instance.plane.clusterArn,
    cpu: 0.5,
    memory: 256,
    group: 'family:web',
    launchType: 'EC2',
    containers: [
      {
        name: 'app',
        containerArn: 'arn:container/app',
        image: 'demo',
        essential: true,
        cpu: 128,
        memory: 64,
        portMappings: [{ containerPort: 80 }],
        dockerConfig: { version: '1.17', config: '{}', hostConfig: '{}' },
      },
    ],
  };
}

/** Starts an agent with one running task. @returns what its container was told. */
async function running(settings?: Partial<AgentSettings>): Promise<Readonly<Record<string, string>>> {
  await start(settings);
  instance.plane.want(task());
  await instance.until('RUNNING', () => instance.plane.statusesOf(taskArn()).includes('RUNNING'));
  return instance.machine.container(taskArn(), 'app').spec.env;
}

async function get(url: string): Promise<{ status: number; body: unknown }> {
  const response = await fetch(url);
  return { status: response.status, body: await response.json() };
}

describe('the task metadata endpoint', () => {
  test('tells a task how full its disk is', async () => {
    const [MiB, GiB] = [1_024 ** 2, 1_024 ** 3];
    const asked: string[] = [];
    vi.spyOn(SimRuntime.prototype, 'diskSpace').mockImplementation(async (disk) => {
      asked.push(disk);
      return { usedBytes: 261.5 * MiB, sizeBytes: 20.01 * GiB };
    });
    await start();
    instance.plane.want({ ...task(), ephemeralStorage: { sizeInGiB: 20 } });
    await instance.until('RUNNING', () => instance.plane.statusesOf(taskArn()).includes('RUNNING'));
    const { ECS_CONTAINER_METADATA_URI_V4 } = instance.machine.container(taskArn(), 'app').spec.env;
    expect((await get(`${ECS_CONTAINER_METADATA_URI_V4}/task`)).body).toMatchObject({
      EphemeralStorageMetrics: { Utilized: 262, Reserved: 20_490 },
    });
    expect(asked).toEqual(['ecs-0001']);
  });

  test('tells a container about itself', async () => {
    const environment = await running();
    const app = instance.machine.container(taskArn(), 'app');
    expect(await get(environment.ECS_CONTAINER_METADATA_URI_V4 ?? '')).toEqual({
      status: 200,
      body: expect.objectContaining({
        DockerId: app.runtimeId,
        Name: 'app',
        DockerName: app.spec.name,
        Image: 'demo',
        ImageID: 'sha256:demo',
        Ports: [
          {
            ContainerPort: 80,
            Protocol: 'tcp',
            HostPort: app.view().ports[0]?.hostPort,
            HostIp: '127.0.0.1',
          },
        ],
        DesiredStatus: 'RUNNING',
        KnownStatus: 'RUNNING',
        Limits: { CPU: 128, Memory: 64 },
        Type: 'NORMAL',
        LogDriver: 'json-file',
        ContainerARN: 'arn:container/app',
        Networks: [{ NetworkMode: 'bridge' }],
      }),
    });
    expect((await get(environment.ECS_CONTAINER_METADATA_URI ?? '')).status).toBe(200);
  });

  test('tells it about its task, with tags where they can be read', async () => {
    const { ECS_CONTAINER_METADATA_URI_V4: uri = '' } = await running();
    const document = {
      Cluster: instance.plane.clusterArn,
      TaskARN: taskArn(),
      Family: 'web',
      Revision: '3',
      Group: 'family:web',
      DesiredStatus: 'RUNNING',
      KnownStatus: 'RUNNING',
      Limits: { CPU: 0.5, Memory: 256 },
      AvailabilityZone: 'eu-west-1a',
      LaunchType: 'EC2',
      Containers: [expect.objectContaining({ Name: 'app' })],
    };
    expect((await get(`${uri}/task`)).body).toEqual(expect.objectContaining(document));
    expect((await get(`${uri}/taskWithTags`)).body).toEqual(
      expect.objectContaining({
        ...document,
        TaskTags: { of: taskArn() },
        ContainerInstanceTags: { of: instance.plane.instanceArn },
      }),
    );
    instance.plane.failing.add('ListTagsForResource');
    expect((await get(`${uri}/taskWithTags`)).body).toMatchObject({
      ...document,
      Errors: [
        { ErrorField: 'TaskTags', ErrorCode: 'ServerException', StatusCode: 500, ResourceARN: taskArn() },
        { ErrorField: 'ContainerInstanceTags', ErrorCode: 'ServerException' },
      ],
    });
  });

  test('gives measured statistics, the second time with the first beside them', async () => {
    const { ECS_CONTAINER_METADATA_URI_V4: uri = '' } = await running();
    expect((await get(`${uri}/stats`)).body).toMatchObject({
      cpu_stats: { cpu_usage: { total_usage: expect.any(Number) } },
      memory_stats: { usage: 16 * 1_048_576 },
      networks: { eth0: { rx_bytes: expect.any(Number), tx_bytes: expect.any(Number), rx_dropped: 0 } },
    });
    const app = instance.machine.container(taskArn(), 'app');
    await expect
      .poll(async () => (await get(`${uri}/task/stats`)).body)
      .toMatchObject({
        [app.runtimeId]: {
          precpu_stats: { cpu_usage: { total_usage: expect.any(Number) } },
          // Within a half, and not every time: the two are not measured at the same instant.
          network_rate_stats: {
            rx_bytes_per_sec: expect.closeTo(1000, -3),
            tx_bytes_per_sec: expect.any(Number),
          },
        },
      });
  });

  test('knows nobody by another id, and answers in the agent API’s form what it does not offer', async () => {
    const environment = await running();
    const uri = environment.ECS_CONTAINER_METADATA_URI_V4 ?? '';
    expect((await get(uri.replace(/[^/]+$/, 'guess'))).status).toBe(404);
    expect((await get(`${uri}/associations`)).status).toBe(404);
    expect(await get(`${environment.ECS_AGENT_URI}/fault/v1/network-latency/status`)).toMatchObject({
      status: 400,
      body: { error: { Arn: taskArn(), Code: 'UnsupportedFeatureException' } },
    });
  });

  test('lets a container see and set its task’s scale-in protection', async () => {
    const environment = await running();
    const url = `${environment.ECS_AGENT_URI}/task-protection/v1/state`;
    const put = async (body: string) => {
      const response = await fetch(url, { method: 'PUT', body });
      return { status: response.status, body: await response.json() };
    };
    const off = { protection: { ProtectionEnabled: false, TaskArn: taskArn() } };
    expect(await get(url)).toEqual({ status: 200, body: off });
    const on = {
      protection: {
        ExpirationDate: '1970-01-01T01:00:00.000Z',
        ProtectionEnabled: true,
        TaskArn: taskArn(),
      },
    };
    expect(await put('{"ProtectionEnabled":true,"ExpiresInMinutes":60}')).toEqual({ status: 200, body: on });
    expect(await get(url)).toEqual({ status: 200, body: on });
    expect(await put('{"ProtectionEnabled":false}')).toEqual({ status: 200, body: off });

    const refused = (Code: string) => ({ status: 400, body: { error: { Arn: taskArn(), Code } } });
    expect(await put('{"ProtectionEnabled":true,"ExpiresInMinutes":9999}')).toMatchObject(
      refused('InvalidParameterException'),
    );
    for (const body of [
      '{"ExpiresInMinutes":60}',
      '{"Protected":true}',
      'no JSON',
      '{"ProtectionEnabled":1}',
    ])
      expect(await put(body)).toMatchObject(refused('InvalidParameterException'));
    expect((await put(`{"ProtectionEnabled":${' '.repeat(5_000)}true}`)).status).toBe(413);
    expect((await fetch(url, { method: 'DELETE' })).status).toBe(405);

    instance.plane.unprotectableTasks.add(taskArn());
    expect(await put('{"ProtectionEnabled":true}')).toEqual({
      status: 200,
      body: { failure: { Arn: taskArn(), Reason: 'TASK_NOT_VALID' } },
    });
    instance.plane.failing.add('GetTaskProtection');
    expect(await get(url)).toMatchObject({ status: 500, body: { error: { Code: 'ServerException' } } });
  });

  test('limits how often a container may ask', async () => {
    const { ECS_CONTAINER_METADATA_URI_V4: uri = '' } = await running({
      metadataRequestsPerSecond: 0.001,
      metadataRequestBurst: 3,
    });
    const statuses: number[] = [];
    for (let count = 0; count < 4; count += 1) statuses.push((await get(uri)).status);
    expect(statuses).toEqual([200, 200, 200, 429]);
  });

  test('stays where containers know it, across restarts', async () => {
    const { ECS_CONTAINER_METADATA_URI_V4: uri = '' } = await running();
    await agent?.close();
    await start();
    expect((await get(`${uri}/task`)).body).toMatchObject({ TaskARN: taskArn() });
  });
});
