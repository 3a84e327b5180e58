import { once } from 'node:events';
import { request } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AcsTask } from '../../protocols/index.ts';
import type { Agent } from '../agent.ts';
import type { AgentOptions } from '../agent-options.ts';
import { TestInstance, withAwslogs } from '../testing/test-instance.ts';
import { LinkLocalListener } from './link-local.ts';

let instance: TestInstance;
let linkLocal: LinkLocalListener;

beforeEach(async () => {
  instance = await TestInstance.open();
  linkLocal = new LinkLocalListener();
  await linkLocal.listen('127.0.0.1', 0);
});

afterEach(async () => {
  await instance[Symbol.asyncDispose]();
  await linkLocal[Symbol.asyncDispose]();
});

const roleCredentials = {
  credentialsId: '11111111-1111-1111-1111-111111111111',
  accessKeyId: 'ASIAROLE',
  secretAccessKey: 'secret',
  sessionToken: 'token',
  expiration: '2026-01-01T00:00:00.123Z',
  roleArn: 'arn:aws:iam::123456789012:role/app',
};
const executionRoleCredentials = {
  ...roleCredentials,
  credentialsId: '22222222-2222-2222-2222-222222222222',
};

const start = (options: Partial<AgentOptions> = {}): Promise<Agent> =>
  instance.start({ linkLocal, metadata: { host: '127.0.0.1', port: 0 }, ...options });

/** A task with both roles that runs; the machine's own namespace is its, unless it is said otherwise. */
async function running(bend: Partial<AcsTask> = {}, options: Partial<AgentOptions> = {}) {
  const agent = await start(options);
  const task: AcsTask = {
    ...instance.task({ name: 'app' }),
    ...{ networkMode: 'host', roleCredentials, executionRoleCredentials },
    ...bend,
  };
  instance.plane.want(task);
  await instance.untilStatus(task.arn, 'RUNNING');
  const { env } = instance.machine.container(task.arn, 'app').spec;
  return { agent, task, env, path: env.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI ?? '' };
}

/** Where no other test listens. */
const ownHost = '127.0.83.1';

async function freePort(): Promise<number> {
  const server = createServer().listen(0, ownHost);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Asks from an address, as from the network namespace that has it. */
function ask(
  path: string,
  { from = '127.0.0.1', at = linkLocal.uri }: { readonly from?: string; readonly at?: string } = {},
): Promise<{ readonly status: number; readonly body: unknown }> {
  return new Promise((resolve, reject) => {
    const asking = request(new URL(path, at), { localAddress: from, agent: false }, (response) => {
      let text = '';
      response.on('data', (part: Buffer) => {
        text += part.toString();
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text && JSON.parse(text) }));
    });
    asking.on('error', reject).end();
  });
}

const granted = {
  status: 200,
  body: {
    RoleArn: roleCredentials.roleArn,
    AccessKeyId: 'ASIAROLE',
    SecretAccessKey: 'secret',
    Token: 'token',
    Expiration: '2026-01-01T00:00:00.123Z',
  },
};
const unknown = { status: 400, body: { code: 'InvalidIdInRequest', HTTPErrorCode: 400 } };

describe('the credentials endpoint', () => {
  test('hands out the role’s credentials, with the expiration as it was sent, and newer ones when they came', async () => {
    const { path, task } = await running();
    expect(await ask(path)).toEqual(granted);
    expect(await ask(`/v1/credentials?id=${roleCredentials.credentialsId}`)).toEqual(granted);

    instance.plane.send('IAMRoleCredentialsMessage', {
      messageId: 'm',
      taskArn: task.arn,
      roleType: 'TaskApplication',
      roleCredentials: { ...roleCredentials, accessKeyId: 'ASIA2' },
    });
    await instance.until('the acknowledgement', () =>
      instance.plane.received.some(
        ({ type, message }) => type === 'IAMRoleCredentialsAckRequest' && message.string('messageId') === 'm',
      ),
    );
    expect((await ask(path)).body).toMatchObject({ AccessKeyId: 'ASIA2' });
  });

  test.each<[string, number, string]>([
    ['/v2/credentials/', 400, 'NoIdInRequest'],
    ['/v2/credentials/unknown', 400, 'InvalidIdInRequest'],
    ['/v1/credentials', 400, 'NoIdInRequest'],
    // The execution role is the agent's.
    [`/v2/credentials/${executionRoleCredentials.credentialsId}`, 400, 'InvalidIdInRequest'],
  ])('answers %s with %i %s', async (path, status, code) => {
    await running();
    expect(await ask(path)).toMatchObject({ status, body: { code, HTTPErrorCode: status } });
  });

  test('says that they are not there yet, after a restart', async () => {
    const { agent, path } = await running();
    await agent.close();
    instance.plane.refusedUpgrades.push(...Array.from({ length: 99 }, () => ({ status: 500, body: '{}' })));
    await start();
    expect(await ask(path)).toMatchObject({ status: 503, body: { code: 'CredentialsUninitialized' } });
  });

  test('has one address for all agents of the machine, and none of them is asked when there is none', async () => {
    expect(await ask('/v2/credentials/x')).toMatchObject({ status: 503 });
    const { path } = await running();
    await instance.start({
      linkLocal,
      stateDirectory: instance.stateDirectory(2),
      instance: {
        id: 'i-2',
        resources: { cpuUnits: 1024, memoryMiB: 1024, reservedTcpPorts: [], reservedUdpPorts: [] },
        address: '127.0.0.1',
      },
    });
    expect(await ask(path)).toEqual(granted);
    expect(await ask('/v2/credentials/unknown')).toMatchObject(unknown);
  });
});

describe('who knows an id', () => {
  test('in host mode is believed when the machine itself asks, at either address', async () => {
    const { path, env } = await running();
    expect(await ask(path, { from: '127.0.0.5' })).toMatchObject(unknown);
    expect(await ask(path, { at: env.ECS_CONTAINER_METADATA_URI_V4 ?? '' })).toEqual(granted);
  });

  test('in awsvpc mode has to be at the task’s address', async () => {
    const eni = {
      ...{ attachmentArn: 'arn:attachment', ec2Id: 'eni-1', macAddress: '02:00:00:00:00:01' },
      ipv4Addresses: [{ privateAddress: '127.0.0.5', primary: true }],
      subnetGatewayIpv4Address: '127.0.0.1/8',
    };
    const { path } = await running({ networkMode: 'awsvpc', elasticNetworkInterfaces: [eni] });
    expect(await ask(path, { from: '127.0.0.5' })).toEqual(granted);
    for (const from of ['127.0.0.1', '127.0.0.6']) expect(await ask(path, { from })).toMatchObject(unknown);
  });

  test('within a VPC has to be at the task’s interface, whoever has its address elsewhere', async () => {
    const eni = {
      ...{ attachmentArn: 'arn:attachment', ec2Id: 'eni-1', macAddress: '02:00:00:00:00:01' },
      ipv4Addresses: [{ privateAddress: '127.0.0.5', primary: true }],
      subnetGatewayIpv4Address: '127.0.0.1/8',
    };
    const network = { attach: async () => {}, detach: async () => {} };
    const { path } = await running({ networkMode: 'awsvpc', elasticNetworkInterfaces: [eni] }, { network });
    const vpc = async (interfaces: Readonly<Record<string, string>>): Promise<string> => {
      const port = await freePort();
      const where = { host: ownHost, port };
      within.use(await linkLocal.listenWithin(where, (address) => interfaces[address]));
      return `http://${ownHost}:${port}`;
    };
    await using within = new AsyncDisposableStack();
    const own = await vpc({ '127.0.0.5': 'eni-1', '127.0.0.6': 'eni-2' });
    const other = await vpc({ '127.0.0.5': 'eni-3' });
    expect(await ask(path, { at: own, from: '127.0.0.5' })).toEqual(granted);
    expect(await ask(path, { at: own, from: '127.0.0.6' })).toMatchObject(unknown);
    expect(await ask(path, { at: other, from: '127.0.0.5' })).toMatchObject(unknown);
    expect(await ask(path, { at: own, from: '127.0.0.7' })).toMatchObject({ status: 403 });
    expect(await ask(path, { from: '127.0.0.5' })).toMatchObject(unknown);
  });

  test('in bridge mode has to be at the address of one of its containers, as the engine says', async () => {
    const { runtime } = instance.machine;
    const inspect = runtime.inspectContainer.bind(runtime);
    runtime.inspectContainer = async (name) => {
      const found = await inspect(name);
      return found && { ...found, ipv4Addresses: ['127.0.0.7'] };
    };
    const { path } = await running({ networkMode: 'bridge' });
    expect(await ask(path, { from: '127.0.0.7' })).toEqual(granted);
    for (const from of ['127.0.0.1', '127.0.0.6']) expect(await ask(path, { from })).toMatchObject(unknown);
  });

  test('gets nothing once the task has ended', async () => {
    const { path, task } = await running();
    instance.plane.want({ ...task, desiredStatus: 'STOPPED' });
    await instance.untilStatus(task.arn, 'STOPPED');
    expect(await ask(path)).toMatchObject(unknown);
  });

  test('and asks too often from elsewhere does not keep the task from asking', async () => {
    const { path } = await running({}, { settings: { metadataRequestsPerSecond: 0.001 } });
    const strange = await Promise.all(
      Array.from({ length: 80 }, () => ask(path, { from: '127.0.0.9' }).then(({ status }) => status)),
    );
    expect(new Set(strange)).toEqual(new Set([400, 429]));
    expect(await ask(path)).toEqual(granted);
  });
});

test('an agent whose machine does not listen there runs no task with a role, and says so', async () => {
  await instance.start();
  const task: AcsTask = { ...instance.task({ name: 'app' }), roleCredentials };
  instance.plane.want(task);
  await instance.untilStatus(task.arn, 'STOPPED');
  expect(instance.plane.lastSubmission(task.arn)?.reason).toMatch(/^UnrecognizedTask: .*169\.254\.170\.2/);
  expect(instance.machine.containers).toEqual([]);
});

test('what is written of them on disk are their ids', async () => {
  const { agent } = await running();
  await agent.close();
  const { readdirSync, readFileSync } = await import('node:fs');
  const directory = instance.stateDirectory(1);
  const kept = readdirSync(directory).map((file) => readFileSync(`${directory}/${file}`).toString('latin1'));
  expect(kept.join('')).toContain(roleCredentials.credentialsId);
  expect(kept.join('')).not.toMatch(/"secret"|"token"|ASIA/);
});

test('a container asks about its task’s protection as the role that it has', async () => {
  const { env } = await running({
    roleCredentials: { ...roleCredentials, expiration: '2999-01-01T00:00:00Z' },
  });
  const at = env.ECS_AGENT_URI ?? '';
  const path = new URL(`${at}/task-protection/v1/state`).pathname;
  expect(await ask(path, { at })).toMatchObject({ status: 200 });
  instance.plane.deadKeys.add(roleCredentials.accessKeyId);
  expect(await ask(path, { at })).toMatchObject({ status: 500 });
  instance.plane.deadKeys.clear();
});

test('awslogs writes as the execution role', async () => {
  await start();
  const task: AcsTask = {
    ...instance.task({ name: 'app', command: ['print', 'one'], ...withAwslogs() }),
    executionRoleCredentials: { ...executionRoleCredentials, expiration: '2999-01-01T00:00:00Z' },
  };
  instance.plane.deadKeys.add(executionRoleCredentials.accessKeyId);
  instance.plane.want(task);
  await instance.until('the stream to be asked for', () => instance.machine.containers.length === 1);
  await instance.clock.sleep(50);
  expect(instance.machine.runningNames(task.arn)).toEqual([]);
  instance.plane.deadKeys.clear();
  await instance.until('the line', () => instance.logStream(task.arn, 'app').length === 1);
});
