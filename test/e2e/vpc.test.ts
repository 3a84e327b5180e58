import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces as machineInterfaces } from 'node:os';
import { promisify } from 'node:util';
import type { EC2, IpPermission } from '@aws-sdk/client-ec2';
import type { ECS } from '@aws-sdk/client-ecs';
import { ServiceDiscovery } from '@aws-sdk/client-servicediscovery';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DatagramPlace, datagramAnswered, echoDatagrams } from './datagrams.ts';
import { inContainer, testImage } from './image.ts';
import { Installation, waitFor } from './installation.ts';

const run = promisify(execFile);

let installation: Installation;
let ecs: ECS;
let ec2: EC2;
let image: string;

beforeAll(async () => {
  image = await testImage();
  installation = await Installation.start();
  ecs = installation.ecs();
  ec2 = installation.ec2();
});

afterAll(async () => {
  await installation?.[Symbol.asyncDispose]();
});

interface Host {
  readonly taskArn: string;
  readonly interfaceId: string;
  readonly address: string;
  readonly publicAddress: string | undefined;
}

const answering = 'mkdir /www; hostname > /www/index.html; exec httpd -f -p 80 -h /www';

/** Runs tasks of one container until they are RUNNING. */
async function launch(
  subnets: readonly string[],
  options: {
    readonly groups?: readonly string[];
    readonly count?: number;
    readonly isPublic?: boolean;
  } = {},
): Promise<readonly Host[]> {
  const { groups = [], count = 1, isPublic = false } = options;
  await ecs.registerTaskDefinition({
    family: 'host',
    networkMode: 'awsvpc',
    ...(isPublic && { requiresCompatibilities: ['FARGATE'], cpu: '256', memory: '512' }),
    containerDefinitions: [
      { name: 'app', image, memory: 16, stopTimeout: 2, command: ['sh', '-c', answering] },
    ],
  });
  const { tasks = [], failures } = await ecs.runTask({
    taskDefinition: 'host',
    count,
    ...(isPublic && { launchType: 'FARGATE' }),
    networkConfiguration: {
      awsvpcConfiguration: {
        subnets: [...subnets],
        securityGroups: [...groups],
        assignPublicIp: isPublic ? 'ENABLED' : 'DISABLED',
      },
    },
  });
  expect(failures).toEqual([]);
  return Promise.all(tasks.map(({ taskArn = '' }) => hostOf(taskArn)));
}

async function hostOf(taskArn: string): Promise<Host> {
  const task = await waitFor(`${taskArn} to run`, async () => {
    const { tasks: [found] = [] } = await ecs.describeTasks({ tasks: [taskArn] });
    if (found?.lastStatus === 'STOPPED') throw new Error(`It stopped: ${found.stoppedReason}`);
    return found?.lastStatus === 'RUNNING' ? found : undefined;
  });
  const details = task.attachments?.[0]?.details ?? [];
  const interfaceId = details.find(({ name }) => name === 'networkInterfaceId')?.value ?? '';
  const { NetworkInterfaces: [eni] = [] } = await ec2.describeNetworkInterfaces({
    NetworkInterfaceIds: [interfaceId],
  });
  return {
    taskArn,
    interfaceId,
    address: eni?.PrivateIpAddress ?? '',
    publicAddress: eni?.Association?.PublicIp,
  };
}

const stop = async (...hosts: readonly Host[]): Promise<void> => {
  for (const { taskArn } of hosts) await ecs.stopTask({ task: taskArn });
};

type Protocol = 'tcp' | 'udp' | 'icmp';

const datagramPlace = ({ taskArn, address }: Host): DatagramPlace => ({
  ...{ stateDirectory: installation.stateDirectory, taskArn, address },
});

/** Whether one reaches the other and has an answer, as a program in its container sees it. */
async function reaches(from: Host, to: string, protocol: Protocol): Promise<boolean> {
  if (protocol === 'udp') return datagramAnswered(datagramPlace(from), to, 80);
  const asking = {
    tcp: `echo | nc -w 1 ${to} 80 > /dev/null`,
    icmp: `ping -c 1 -W 1 ${to} > /dev/null`,
  }[protocol];
  const said = await inContainer(
    installation.stateDirectory,
    from.taskArn,
    `if ${asking}; then echo yes; else echo no; fi`,
  );
  return said.trim() === 'yes';
}

/** A program listens a moment after its task is RUNNING, and a busy machine may take longer than one look. */
const untilReached = (from: Host, to: string, protocol: Protocol): Promise<true> =>
  waitFor(`${to} to answer by ${protocol}`, async () =>
    (await reaches(from, to, protocol)) ? true : undefined,
  );

/** The same, as the rules say. */
async function shouldReach(from: Host, to: string, protocol: Protocol): Promise<boolean> {
  const traffic = protocol === 'icmp' ? [] : ['--port', '80'];
  const outcome = await installation.catamaran(
    ...['net', 'explain', from.taskArn, to, '--protocol', protocol, ...traffic, '--json'],
  );
  return (JSON.parse(outcome.stdout) as { passes: boolean }).passes;
}

async function newGroup(vpcId: string, name: string): Promise<string> {
  const { GroupId = '' } = await ec2.createSecurityGroup({
    GroupName: name,
    Description: name,
    VpcId: vpcId,
  });
  return GroupId;
}

async function revokeEgress(GroupId: string): Promise<void> {
  const everything = [{ IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] }];
  await ec2.revokeSecurityGroupEgress({ GroupId, IpPermissions: everything });
}

async function newVpc(): Promise<{ readonly vpcId: string; readonly subnetId: string }> {
  const { Vpc } = await ec2.createVpc({ CidrBlock: '10.7.0.0/16' });
  const vpcId = Vpc?.VpcId ?? '';
  const { Subnet } = await ec2.createSubnet({
    ...{ VpcId: vpcId, CidrBlock: '10.7.1.0/24', AvailabilityZone: 'us-east-1a' },
  });
  return { vpcId, subnetId: Subnet?.SubnetId ?? '' };
}

const permission = (protocol: Protocol, peer: Pick<IpPermission, 'IpRanges' | 'UserIdGroupPairs'>) => ({
  IpProtocol: protocol,
  ...(protocol === 'icmp' ? { FromPort: -1, ToPort: -1 } : { FromPort: 80, ToPort: 80 }),
  ...peer,
});

describe('an awsvpc task', () => {
  it('has a network interface of its own, and so its own ports', async () => {
    const hosts = await launch([await installation.subnetId()], { count: 5 });
    expect(new Set(hosts.map(({ address }) => address)).size).toBe(5);
    const [first, ...others] = hosts;
    if (first === undefined) throw new Error('nothing was launched');
    const said = await inContainer(installation.stateDirectory, first.taskArn, 'ip addr show eth0; ip route');
    const { NetworkInterfaces: [eni] = [] } = await ec2.describeNetworkInterfaces({
      NetworkInterfaceIds: [first.interfaceId],
    });
    expect(eni).toMatchObject({ Status: 'in-use', InterfaceType: 'interface', RequesterManaged: true });
    expect(said).toContain(`inet ${first.address}/20`);
    expect(said).toContain(eni?.MacAddress);
    // All of them are in the default group, which lets its own members in.
    for (const other of others) await untilReached(first, other.address, 'tcp');
    await expect(ec2.deleteNetworkInterface({ NetworkInterfaceId: first.interfaceId })).rejects.toThrow();
    await stop(...hosts);
    await waitFor('the interfaces to be gone', async () => {
      const { NetworkInterfaces = [] } = await ec2.describeNetworkInterfaces({});
      return NetworkInterfaces.length === 0 ? true : undefined;
    });
  }, 300_000);

  it('resolves the names of the VPC', async () => {
    const [host] = await launch([await installation.subnetId()]);
    if (host === undefined) throw new Error('nothing was launched');
    const name = `ip-${host.address.replaceAll('.', '-')}.ec2.internal`;
    const isKnown = new RegExp(`Address(?: 1)?: ${host.address.replaceAll('.', '\\.')}`);
    const asking = `cat /etc/resolv.conf; nslookup ${name} || true`;
    const said = await waitFor('the name to be known', async () => {
      const answer = await inContainer(installation.stateDirectory, host.taskArn, asking);
      return isKnown.test(answer) ? answer : undefined;
    });
    expect(said).toContain('nameserver 172.31.0.2');
    await stop(host);
  }, 240_000);

  it('is reached from the machine at its public address, and reaches out from there', async () => {
    const { SecurityGroups: [group] = [] } = await ec2.describeSecurityGroups({
      Filters: [{ Name: 'group-name', Values: ['default'] }],
    });
    const open = permission('tcp', { IpRanges: [{ CidrIp: '0.0.0.0/0' }] });
    const GroupId = group?.GroupId ?? '';
    const [host] = await launch([await installation.subnetId()], { isPublic: true });
    const publicAddress = host?.publicAddress;
    if (host === undefined || publicAddress === undefined) throw new Error('There is no public address');
    const asked = async (): Promise<boolean> =>
      fetch(`http://${publicAddress}/`, { signal: AbortSignal.timeout(1_000) }).then(
        ({ ok }) => ok,
        () => false,
      );
    expect(await asked()).toBe(false);
    await ec2.authorizeSecurityGroupIngress({ GroupId, IpPermissions: [open] });
    await waitFor('the public address to answer', async () => ((await asked()) ? true : undefined));

    await using world = await listenOnMachine();
    // wget can't read an answer under gVisor.
    const asking = `printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 15 ${world.host} ${world.port}`;
    const seen = await inContainer(installation.stateDirectory, host.taskArn, asking);
    expect(seen.trim().split('\n').at(-1)).toContain(publicAddress);
    await ec2.revokeSecurityGroupIngress({ GroupId, IpPermissions: [open] });
    await waitFor('new connections to be cut', async () => ((await asked()) ? undefined : true));
    await stop(host);
  }, 240_000);
});

/** A server of the machine's own, which tells each who asks from where. */
async function listenOnMachine(): Promise<
  AsyncDisposable & { readonly host: string; readonly port: number }
> {
  const server = createServer((request, response) => response.end(request.socket.remoteAddress));
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  const own = Object.values(machineInterfaces())
    .flat()
    .find((each) => each?.family === 'IPv4' && !each.internal && !each.address.startsWith('169.254.'));
  if (own === undefined) throw new Error('The machine has no address');
  return {
    host: own.address,
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe('the machine', () => {
  it('answers in a VPC at the interface that is attached to it, as far as the security groups of that let', async () => {
    const { Reservations } = await ec2.describeInstances({});
    const InstanceId = Reservations?.[0]?.Instances?.[0]?.InstanceId;
    const { vpcId, subnetId } = await newVpc();
    const [asking, own] = [await newGroup(vpcId, 'asking'), await newGroup(vpcId, 'own')];
    const { NetworkInterface: made } = await ec2.createNetworkInterface({
      SubnetId: subnetId,
      Groups: [own],
    });
    const NetworkInterfaceId = made?.NetworkInterfaceId ?? '';
    const address = made?.PrivateIpAddress ?? '';
    const { AttachmentId } = await ec2.attachNetworkInterface({
      NetworkInterfaceId,
      InstanceId,
      DeviceIndex: 1,
    });
    const hasStatus = (wanted: string) =>
      waitFor(`the interface to be ${wanted}`, async () => {
        const ids = { NetworkInterfaceIds: [NetworkInterfaceId] };
        const { NetworkInterfaces: [found] = [] } = await ec2.describeNetworkInterfaces(ids);
        return found?.Status === wanted ? true : undefined;
      });
    await hasStatus('in-use');
    const [host] = await launch([subnetId], { groups: [asking] });
    if (host === undefined) throw new Error('nothing was launched');
    await using world = await listenOnMachine();
    const request = `printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 2 ${address} ${world.port} 2> /dev/null || true`;
    const asked = () => inContainer(installation.stateDirectory, host.taskArn, request);
    expect(await asked()).toBe('');
    const ports = { IpProtocol: 'tcp', FromPort: world.port, ToPort: world.port };
    await ec2.authorizeSecurityGroupIngress({
      GroupId: own,
      IpPermissions: [{ ...ports, UserIdGroupPairs: [{ GroupId: asking }] }],
    });
    const seen = await waitFor('the machine to answer', async () => (await asked()) || undefined);
    expect(seen.trim().split('\n').at(-1)).toContain(host.address);

    await ec2.detachNetworkInterface({ AttachmentId });
    await hasStatus('available');
    await waitFor('nobody to answer there', async () => ((await asked()) === '' ? true : undefined));
    await ec2.deleteNetworkInterface({ NetworkInterfaceId });
    await stop(host);
  }, 240_000);
});

describe('security groups', () => {
  it('decide who may talk to whom, as the explainer says', async () => {
    const { vpcId, subnetId } = await newVpc();
    const [web, database, bystander] = await Promise.all(
      ['web', 'database', 'bystander'].map((name) => newGroup(vpcId, name)),
    );
    if (!web || !database || !bystander) throw new Error('There are no groups');
    const [server] = await launch([subnetId], { groups: [database] });
    const [client] = await launch([subnetId], { groups: [web] });
    const [other] = await launch([subnetId], { groups: [bystander] });
    if (!server || !client || !other) throw new Error('nothing was launched');
    await using _echo = await echoDatagrams(datagramPlace(server), 80);
    // Nothing lets it begin to speak, and nothing lets the others be spoken to: answers need neither.
    await revokeEgress(database);
    const protocols: readonly Protocol[] = ['tcp', 'udp', 'icmp'];
    const becomes = async (from: Host, protocol: Protocol, wanted: boolean): Promise<void> => {
      expect([protocol, await shouldReach(from, server.address, protocol)]).toEqual([protocol, wanted]);
      await waitFor(`${protocol} ${wanted ? 'to pass' : 'to be stopped'}`, async () =>
        (await reaches(from, server.address, protocol)) === wanted ? true : undefined,
      );
    };
    const isStopped = async (from: Host, protocol: Protocol): Promise<void> => {
      const is = await reaches(from, server.address, protocol);
      const should = await shouldReach(from, server.address, protocol);
      expect([protocol, is, should]).toEqual([protocol, false, false]);
    };
    const ruled = async (protocol: Protocol): Promise<void> => {
      const byGroup = permission(protocol, { UserIdGroupPairs: [{ GroupId: web }] });
      const byBlock = permission(protocol, { IpRanges: [{ CidrIp: `${other.address}/32` }] });
      await isStopped(client, protocol);
      await ec2.authorizeSecurityGroupIngress({ GroupId: database, IpPermissions: [byGroup] });
      await becomes(client, protocol, true);
      await isStopped(other, protocol);
      await ec2.authorizeSecurityGroupIngress({ GroupId: database, IpPermissions: [byBlock] });
      await becomes(other, protocol, true);
      await ec2.revokeSecurityGroupIngress({ GroupId: database, IpPermissions: [byGroup, byBlock] });
      await becomes(other, protocol, false);
      await becomes(client, protocol, false);
    };
    await Promise.all(protocols.map(ruled));
    await stop(server, client, other);
  }, 300_000);
});

describe('a service in a registry', () => {
  it('is found by its name for as long as its tasks run', async () => {
    const cloudMap = new ServiceDiscovery({ ...installation.clientOptions(), disableHostPrefix: true });
    const subnets = [await installation.subnetId()];
    const { Vpcs: [vpc] = [] } = await ec2.describeVpcs({
      Filters: [{ Name: 'is-default', Values: ['true'] }],
    });
    const { OperationId = '' } = await cloudMap.createPrivateDnsNamespace({
      ...{ Name: 'harbor.local', Vpc: vpc?.VpcId },
    });
    const namespaceId = await waitFor('the namespace', async () => {
      const { Operation } = await cloudMap.getOperation({ OperationId });
      return Operation?.Status === 'SUCCESS' ? Operation.Targets?.NAMESPACE : undefined;
    });
    const [client] = await launch(subnets);
    if (client === undefined) throw new Error('nothing was launched');
    const serve = async (name: string, Type: 'A' | 'SRV', port: { port?: number }) => {
      const { Service } = await cloudMap.createService({
        ...{ Name: name, NamespaceId: namespaceId },
        DnsConfig: { DnsRecords: [{ Type, TTL: 1 }] },
      });
      await ecs.createService({
        ...{ serviceName: name, taskDefinition: 'host', desiredCount: 2 },
        networkConfiguration: { awsvpcConfiguration: { subnets } },
        serviceRegistries: [{ registryArn: Service?.Arn, ...port }],
      });
    };
    await serve('web', 'A', {});
    await serve('ports', 'SRV', { port: 80 });
    const found = (name: string, type: string): Promise<string> =>
      inContainer(
        installation.stateDirectory,
        client.taskArn,
        `nslookup -type=${type} ${name}.harbor.local || true`,
      );
    const hostsOf = (serviceName: string) =>
      waitFor(`the tasks of ${serviceName} to run`, async () => {
        const { taskArns = [] } = await ecs.listTasks({ serviceName });
        return taskArns.length === 2 ? Promise.all(taskArns.map(hostOf)) : undefined;
      });
    const web = await hostsOf('web');
    const isFound = async (name: string, type: string, wanted: readonly string[]) => {
      let said = '';
      await waitFor(
        `${wanted.join(', ')} to be found`,
        async () => {
          said = await found(name, type);
          return wanted.every((each) => said.includes(each)) ? true : undefined;
        },
        () => said,
      );
    };
    await isFound(
      'web',
      'a',
      web.map(({ address }) => address),
    );
    const others = await hostsOf('ports');
    const names = others.map(({ taskArn }) => ` 80 ${taskArn.split('/').at(-1)}.ports.harbor.local`);
    await isFound('ports', 'srv', names);

    for (const service of ['web', 'ports']) await ecs.updateService({ service, desiredCount: 0 });
    await waitFor('nobody to be found', async () => {
      const said = (await found('web', 'a')) + (await found('ports', 'srv'));
      return said.match(/NXDOMAIN/g)?.length === 2 ? true : undefined;
    });
    for (const service of ['web', 'ports']) await ecs.deleteService({ service });
    await stop(client);
    cloudMap.destroy();
  }, 300_000);
});

describe('the network in the kernel', () => {
  it('is put right when somebody takes it away, and taken over after kill -9', async () => {
    const [first, second] = await launch([await installation.subnetId()], { count: 2 });
    if (!first || !second) throw new Error('nothing was launched');
    const { id } = JSON.parse(await readFile(`${installation.stateDirectory}/installation.json`, 'utf8')) as {
      id: string;
    };
    const names = async (): Promise<readonly string[]> =>
      (await run('ip', ['netns', 'list'])).stdout
        .split('\n')
        .flatMap((line) => line.match(/^catamaran-\S+/)?.[0] ?? []);
    const [namespace] = (await names()).filter((name) => name.includes(id));
    if (namespace === undefined) throw new Error(`There is no namespace of ${id}`);
    await untilReached(first, second.address, 'tcp');
    await run('ip', ['netns', 'exec', namespace, 'nft', 'flush', 'ruleset']);
    await waitFor('the rules to be there again', async () => {
      const { stdout } = await run('ip', ['netns', 'exec', namespace, 'nft', 'list', 'ruleset']);
      return stdout.includes('chain') ? true : undefined;
    });
    await installation.kill9();
    await installation.up();
    ecs = installation.ecs();
    ec2 = installation.ec2();
    await untilReached(first, second.address, 'tcp');
    await stop(first, second);
  }, 240_000);
});
