import type { EC2 } from '@aws-sdk/client-ec2';
import type { ECS, Task } from '@aws-sdk/client-ecs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inContainer, testImage } from './image.ts';
import { Installation, waitFor } from './installation.ts';

let installation: Installation;
let ecs: ECS;
let ec2: EC2;
let subnet: string;
let group: string;

/** Whoever else has a VPC of that range on the machine, none has this one. */
const cidr = '10.213.7.0/24';

beforeAll(async () => {
  const image = await testImage();
  installation = await Installation.start({ upOptions: ['--vpcs', 'engine'] });
  ecs = installation.ecs();
  ec2 = installation.ec2();
  const { Vpc: { VpcId } = {} } = await ec2.createVpc({ CidrBlock: cidr });
  const { Subnet } = await ec2.createSubnet({ VpcId, CidrBlock: cidr, AvailabilityZone: 'us-east-1a' });
  subnet = Subnet?.SubnetId ?? '';
  const { SecurityGroups: [own] = [] } = await ec2.describeSecurityGroups({
    Filters: [{ Name: 'vpc-id', Values: [VpcId ?? ''] }],
  });
  group = own?.GroupId ?? '';
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
});

afterAll(async () => {
  await installation?.[Symbol.asyncDispose]();
});

async function run(): Promise<string> {
  const { tasks: [task] = [], failures } = await ecs.runTask({
    taskDefinition: 'host',
    networkConfiguration: { awsvpcConfiguration: { subnets: [subnet], securityGroups: [group] } },
  });
  expect(failures).toEqual([]);
  return task?.taskArn ?? '';
}

const until = (taskArn: string, status: string): Promise<Task> =>
  waitFor(`${taskArn} to be ${status}`, async () => {
    const { tasks: [task] = [] } = await ecs.describeTasks({ tasks: [taskArn] });
    if (task?.lastStatus === 'STOPPED' && status !== 'STOPPED') throw new Error(task.stoppedReason);
    return task?.lastStatus === status ? task : undefined;
  });

function addressOf(task: Task): string {
  const details = task.attachments?.[0]?.details ?? [];
  return details.find(({ name }) => name === 'privateIPv4Address')?.value ?? '';
}

describe('a machine without VPCs', () => {
  it('says so, and takes only tasks of which that asks nothing, as long as that is so', async () => {
    expect(installation.output).toMatch(/No VPCs on this machine: .*neither security groups nor routes/);
    for (const command of ['status', 'net'])
      expect((await installation.catamaran(command)).stdout).toContain('No VPCs on this machine: ');

    const { Reservations } = await ec2.describeInstances({});
    const InstanceId = Reservations?.[0]?.Instances?.[0]?.InstanceId;
    const { NetworkInterface } = await ec2.createNetworkInterface({ SubnetId: subnet });
    const { NetworkInterfaceId } = NetworkInterface ?? {};
    await expect(
      ec2.attachNetworkInterface({ NetworkInterfaceId, InstanceId, DeviceIndex: 1 }),
    ).rejects.toThrow('--vpcs engine asks for networks of the Engine’s');
    await ec2.deleteNetworkInterface({ NetworkInterfaceId });

    // The default group lets its members in alone, and the subnet leads nowhere.
    const closed = await until(await run(), 'STOPPED');
    expect(closed.stoppedReason).toMatch(/ContainerNetworkingError: .*routes are not enforced/);
    await leadOut();
    expect((await until(await run(), 'STOPPED')).stoppedReason).toMatch(/security groups are not enforced/);
    const open = { GroupId: group, IpPermissions: [{ IpProtocol: '-1', IpRanges: [{ CidrIp: cidr }] }] };
    await ec2.authorizeSecurityGroupIngress(open);

    const [one, other] = await Promise.all(
      [await run(), await run()].map((taskArn) => until(taskArn, 'RUNNING')),
    );
    if (one?.taskArn === undefined || other?.taskArn === undefined) throw new Error('nothing was launched');
    const address = addressOf(one);
    const get = "printf 'GET / HTTP/1.0\\r\\n\\r\\n'";
    const asking = `ip addr show eth0; cat /etc/resolv.conf; ${get} | nc -w 5 ${addressOf(other)} 80`;
    // It runs before it listens.
    const said = await waitFor('the other to answer', () =>
      inContainer(installation.stateDirectory, one.taskArn ?? '', asking).then(
        (text) => (text.includes('200 OK') ? text : undefined),
        () => undefined,
      ),
    );
    expect(said).toContain(`inet ${address}/24`);
    // The Engine's own resolver: nobody is the VPC's.
    expect(said.match(/nameserver .*/g)).toEqual(['nameserver 127.0.0.11']);
    expect(said).toContain(`ip-${addressOf(other).replaceAll('.', '-')}`);

    await installation.kill9();
    await installation.up();
    ecs = installation.ecs();
    ec2 = installation.ec2();
    await until(one.taskArn, 'RUNNING');
    await ec2.revokeSecurityGroupIngress(open);
    for (const { taskArn = '' } of [one, other])
      expect((await until(taskArn, 'STOPPED')).stoppedReason).toMatch(/security groups are not enforced/);
  }, 300_000);
});

/** The subnet's route table leads to an internet gateway. */
async function leadOut(): Promise<void> {
  const { Subnets: [{ VpcId } = {}] = [] } = await ec2.describeSubnets({ SubnetIds: [subnet] });
  const { InternetGateway: { InternetGatewayId } = {} } = await ec2.createInternetGateway({});
  await ec2.attachInternetGateway({ InternetGatewayId, VpcId });
  const { RouteTables: [{ RouteTableId } = {}] = [] } = await ec2.describeRouteTables({
    Filters: [{ Name: 'vpc-id', Values: [VpcId ?? ''] }],
  });
  await ec2.createRoute({
    ...{ RouteTableId, DestinationCidrBlock: '0.0.0.0/0', GatewayId: InternetGatewayId },
  });
}
