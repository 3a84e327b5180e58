import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import type { EC2 } from '@aws-sdk/client-ec2';
import type { ContainerInstance, ECS, Task } from '@aws-sdk/client-ecs';
import { IAM } from '@aws-sdk/client-iam';
import { ServiceDiscovery } from '@aws-sdk/client-servicediscovery';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inContainer, testImage, testImageName } from './image.ts';
import { catamaran, Installation, waitFor } from './installation.ts';
import { JoinedMachine, openUnderlay, underlay } from './joined-machine.ts';

let resources: AsyncDisposableStack;
let home: Installation;
let joined: JoinedMachine;
let ecs: ECS;
let ec2: EC2;

beforeAll(async () => {
  const image = await testImage();
  await using opening = new AsyncDisposableStack();
  const { link } = opening.use(await openUnderlay());
  // The same port after a crash: the joined machine looks for it there.
  const port = String(await freePort());
  const upOptions = ['--host', underlay.home, '--port', port, '--fargate-isolation', 'runc'];
  [home, joined] = await Promise.all([
    Installation.start({ upOptions }).then((it) => opening.use(it)),
    JoinedMachine.begin(link, image).then((it) => opening.use(it)),
  ]);
  ecs = home.ecs();
  ec2 = home.ec2();
  await ecs.registerTaskDefinition({
    family: 'host',
    networkMode: 'awsvpc',
    containerDefinitions: [
      {
        ...{ name: 'app', image, memory: 16, stopTimeout: 2 },
        command: ['sh', '-c', 'mkdir /www; hostname > /www/index.html; exec httpd -f -p 80 -h /www'],
      },
    ],
  });
  await joined.up(home);
  resources = opening.move();
}, 300_000);

afterAll(async () => {
  await resources?.[Symbol.asyncDispose]();
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, underlay.home);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

interface Host {
  readonly taskArn: string;
  readonly address: string;
  readonly run: (shellCommand: string) => Promise<string>;
}

const isJoined = ({ attributes = [] }: ContainerInstance) =>
  attributes.some(({ name }) => name === 'catamaran.machine');

/** The container instances that are connected, the home machine's first. */
async function instances(count: number): Promise<readonly ContainerInstance[]> {
  return waitFor(`${count} instances to be connected`, async () => {
    const { containerInstanceArns = [] } = await ecs.listContainerInstances({});
    if (containerInstanceArns.length === 0) return undefined;
    const { containerInstances = [] } = await ecs.describeContainerInstances({
      containerInstances: containerInstanceArns,
    });
    const connected = containerInstances.filter(({ agentConnected }) => agentConnected);
    return connected.length === count
      ? connected.sort((one, other) => Number(isJoined(one)) - Number(isJoined(other)))
      : undefined;
  });
}

async function launchOn(instance: ContainerInstance | undefined, groups: readonly string[]): Promise<Host> {
  const { tasks: [task] = [], failures } = await ecs.startTask({
    taskDefinition: 'host',
    containerInstances: [instance?.containerInstanceArn ?? ''],
    networkConfiguration: {
      awsvpcConfiguration: { subnets: [await home.subnetId()], securityGroups: [...groups] },
    },
  });
  expect(failures).toEqual([]);
  const taskArn = task?.taskArn ?? '';
  const running = await runs(taskArn);
  const details = running.attachments?.[0]?.details ?? [];
  const run = (command: string) =>
    instance !== undefined && isJoined(instance)
      ? joined.inContainer(taskArn, command)
      : inContainer(home.stateDirectory, taskArn, command);
  return { taskArn, run, address: details.find(({ name }) => name === 'privateIPv4Address')?.value ?? '' };
}

const runs = (taskArn: string): Promise<Task> =>
  waitFor(
    `${taskArn} to run`,
    async () => {
      const { tasks: [found] = [] } = await ecs.describeTasks({ tasks: [taskArn] });
      if (found?.lastStatus === 'STOPPED') throw new Error(`It stopped: ${found.stoppedReason}`);
      return found?.lastStatus === 'RUNNING' ? found : undefined;
    },
    () => joined.output,
  );

/** What a host hears from another's port 80; undefined: nothing. */
async function ask(from: Host, whom: string): Promise<string | undefined> {
  const said = await from.run(`printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 1 ${whom} 80 || true`);
  return said.includes('200 OK') ? said.trim().split('\n').at(-1) : undefined;
}

const hears = (from: Host, whom: string) =>
  waitFor(`${from.address} to hear from ${whom}`, () => ask(from, whom));
const hearsNothing = (from: Host, whom: string) =>
  waitFor(`${from.address} to hear nothing of ${whom}`, async () =>
    (await ask(from, whom)) === undefined ? true : undefined,
  );

async function newGroup(name: string): Promise<string> {
  const { Vpcs: [vpc] = [] } = await ec2.describeVpcs({
    Filters: [{ Name: 'is-default', Values: ['true'] }],
  });
  const { GroupId = '' } = await ec2.createSecurityGroup({
    ...{ GroupName: name, Description: name, VpcId: vpc?.VpcId },
  });
  return GroupId;
}

/** A name of Cloud Map's in the default VPC. */
async function publish(name: string, address: string): Promise<void> {
  const cloudMap = new ServiceDiscovery(home.clientOptions());
  const { Vpcs: [vpc] = [] } = await ec2.describeVpcs({});
  const { OperationId } = await cloudMap.createPrivateDnsNamespace({ Name: 'deck', Vpc: vpc?.VpcId });
  const namespaceId = await waitFor('the namespace', async () => {
    const { Operation } = await cloudMap.getOperation({ OperationId });
    return Operation?.Status === 'SUCCESS' ? Operation.Targets?.NAMESPACE : undefined;
  });
  const { Service } = await cloudMap.createService({
    Name: name,
    NamespaceId: namespaceId,
    DnsConfig: { DnsRecords: [{ Type: 'A', TTL: 1 }] },
  });
  await cloudMap.registerInstance({
    ...{ ServiceId: Service?.Id, InstanceId: 'one', Attributes: { AWS_INSTANCE_IPV4: address } },
  });
}

describe('two machines', () => {
  it('are one installation: the same VPC, groups and names on both, through crashes of either', async () => {
    const [here, there] = await instances(2);
    const group = await newGroup('crew');
    const inGroup = [
      { ...{ IpProtocol: 'tcp', FromPort: 80, ToPort: 80 }, UserIdGroupPairs: [{ GroupId: group }] },
    ];
    await ec2.authorizeSecurityGroupIngress({ GroupId: group, IpPermissions: inGroup });
    const stranger = await newGroup('stranger');
    const [one, other, outsider] = await Promise.all([
      launchOn(here, [group]),
      launchOn(there, [group]),
      launchOn(there, [stranger]),
    ]);
    expect(joined.arguments).not.toContain('AKIA');

    // By address, both ways, and by name: EC2's and Cloud Map's.
    const nameOf = ({ address }: Host) => `ip-${address.replaceAll('.', '-')}.ec2.internal`;
    await hears(one, other.address);
    await hears(other, nameOf(one));
    await publish('mast', one.address);
    await hears(other, 'mast.deck');

    // Whom no group lets in stays out, and what is revoked ends.
    expect(await ask(outsider, one.address)).toBeUndefined();
    expect(await ask(one, outsider.address)).toBeUndefined();
    await ec2.revokeSecurityGroupIngress({ GroupId: group, IpPermissions: inGroup });
    await Promise.all([hearsNothing(one, other.address), hearsNothing(other, one.address)]);
    await ec2.authorizeSecurityGroupIngress({ GroupId: group, IpPermissions: inGroup });
    await Promise.all([hears(one, other.address), hears(other, one.address)]);

    let status = '';
    await waitFor(
      'the status to name both',
      async () => {
        status = (await home.catamaran('status')).stdout;
        return /m-\w+ +203\.0\.113\.2 +connected/.test(status) || undefined;
      },
      () => status,
    );
    expect(status).toMatch(/m-\w+ +203\.0\.113\.1 +control plane/);

    // Who is lost is not connected. The joined machine carries on without the control plane, names included; each comes back.
    await joined.kill9();
    expect(await instances(1)).toMatchObject([{ containerInstanceArn: here?.containerInstanceArn }]);
    await home.kill9();
    await joined.up();
    await hears(other, one.address);
    await hears(other, nameOf(one));
    await home.up();
    [ecs, ec2] = [home.ecs(), home.ec2()];
    await instances(2);
    const { tasks = [] } = await ecs.describeTasks({
      tasks: [one, other, outsider].map(({ taskArn }) => taskArn),
    });
    expect(tasks.map(({ lastStatus }) => lastStatus)).toEqual(['RUNNING', 'RUNNING', 'RUNNING']);
    await hears(one, other.address);
  }, 480_000);

  it('run Fargate tasks both, whose logs, credentials and terminals work on either', async () => {
    const iam = new IAM(home.clientOptions());
    const document = (members: object): string =>
      JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', ...members }] });
    const trust = document({ Principal: { Service: 'ecs-tasks.amazonaws.com' }, Action: 'sts:AssumeRole' });
    const { Role } = await iam.createRole({ RoleName: 'sailor', AssumeRolePolicyDocument: trust });
    const PolicyDocument = document({ Action: 'logs:*', Resource: '*' });
    await iam.putRolePolicy({ RoleName: 'sailor', PolicyName: 'own', PolicyDocument });
    const options = {
      ...{ 'awslogs-group': '/deck', 'awslogs-create-group': 'true' },
      ...{ 'awslogs-region': 'us-east-1', 'awslogs-stream-prefix': 'deck' },
    };
    await ecs.registerTaskDefinition({
      ...{ family: 'deck', networkMode: 'awsvpc', requiresCompatibilities: ['FARGATE'] },
      ...{ cpu: '256', memory: '512', taskRoleArn: Role?.Arn, executionRoleArn: Role?.Arn },
      containerDefinitions: [
        {
          ...{ name: 'app', image: testImageName, command: ['sh', '-c', 'echo ahoy; exec sleep 3600'] },
          ...{ stopTimeout: 2, logConfiguration: { logDriver: 'awslogs', options } },
        },
      ],
    });
    // Those of a machine whose agent for Fargate is not back yet are all on the other.
    const taskArn = await waitFor('a task on each machine', async () => {
      const { tasks: launched = [], failures } = await ecs.runTask({
        ...{ taskDefinition: 'deck', count: 2, launchType: 'FARGATE', enableExecuteCommand: true },
        networkConfiguration: { awsvpcConfiguration: { subnets: [await home.subnetId()] } },
      });
      expect(failures).toEqual([]);
      await Promise.all(launched.map((task) => runs(task.taskArn ?? '')));

      const { stdout } = await home.catamaran('net', '--json');
      const { vpcs } = JSON.parse(stdout) as {
        readonly vpcs: readonly { readonly interfaces: readonly { owner?: string; machine?: string }[] }[];
      };
      const elsewhere = launched.filter((task) =>
        vpcs.some(({ interfaces }) => interfaces.some((eni) => eni.owner === task.taskArn && eni.machine)),
      );
      if (elsewhere.length === 1) return elsewhere[0]?.taskArn;
      for (const { taskArn: task } of launched) await ecs.stopTask({ task });
      return undefined;
    });
    const credentials = 'wget -qO- http://169.254.170.2$AWS_CONTAINER_CREDENTIALS_RELATIVE_URI';
    expect(await joined.inContainer(taskArn, credentials)).toContain('role/sailor');
    const terminal = ['exec', '--state', home.stateDirectory, taskArn, '--', 'echo', 'aye'];
    expect(await catamaran(terminal)).toMatchObject({ stdout: expect.stringContaining('aye') });
    await waitFor('its log', async () => {
      const stream = `deck/app/${taskArn.split('/').at(-1)}`;
      const { events = [] } = await home
        .logs()
        .getLogEvents({ logGroupName: '/deck', logStreamName: stream })
        .catch(() => ({ events: [] }));
      return events.some(({ message }) => message === 'ahoy') ? true : undefined;
    });
  }, 300_000);

  it('are one again when the other leaves', async () => {
    const left = await joined.catamaran('leave');
    expect(left.stderr + left.stdout).toMatch(/has left/);
    expect(await joined.footprint()).toEqual([]);
    const [, ...others] = await instances(1);
    expect(others).toEqual([]);
    const { stdout } = await home.catamaran('machine', 'list');
    expect(stdout).not.toContain(underlay.joined);
  }, 240_000);
});
