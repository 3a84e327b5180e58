/**
 * What goes between two tasks of a VPC, against two plain containers on the Engine's bridge, in turns in the same run:
 * bytes a second over one connection, and how long a security group's new rule takes from the call to the first
 * connection. Then both again beside 1,000 network interfaces and 5,000 rules. Needs root. Prints one JSON line.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { EC2 } from '@aws-sdk/client-ec2';
import { ECS, waitUntilTasksRunning } from '@aws-sdk/client-ecs';
import { busyboxLayer, imageArchive } from '../src/runtime/index.ts';
import { freePort, MeasuredCatamaran } from './catamaran.ts';
import { engine } from './engine.ts';
import { percentile, round } from './load.ts';

const image = 'catamaran/bench:network';
const command = ['sleep', '3600'];
const port = 5_001;
const rounds = 5;
const roundMs = 1_500;
const changes = 10;
const interfaces = 1_000;
const groups = 84;
const rulesInGroup = 60;
const flow = fileURLToPath(new URL('network/flow.ts', import.meta.url));

/** The far end of a path: whose namespace sends, and to where. */
interface Path {
  readonly fromPid: number;
  readonly toPid: number;
  readonly address: string;
}

await using cleanUp = new AsyncDisposableStack();

function inNamespace(pid: number, ...words: readonly string[]): ChildProcess {
  const child = spawn(
    'nsenter',
    [`--net=/proc/${pid}/ns/net`, process.execPath, '--disable-warning=ExperimentalWarning', flow, ...words],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  cleanUp.defer(() => void child.kill());
  return child;
}

async function* linesOf(child: ChildProcess): AsyncGenerator<string, void> {
  if (child.stdout) yield* createInterface({ input: child.stdout });
}

async function serve({ toPid }: Path): Promise<void> {
  const server = inNamespace(toPid, 'serve', String(port));
  await linesOf(server).next();
}

async function megabytesPerSecond({ fromPid, address }: Path): Promise<number> {
  const { value } = await linesOf(
    inNamespace(fromPid, 'send', address, String(port), String(roundMs)),
  ).next();
  return Number(value) / 1e6;
}

await engine(
  'POST',
  '/images/load?quiet=1',
  await imageArchive({ reference: image, layers: [await busyboxLayer()], config: {} }),
);

/** What a person would do: a container on the Engine's bridge. */
async function plain(): Promise<{ readonly pid: number; readonly address: string }> {
  const { Id } = await engine('POST', '/containers/create', { Image: image, Cmd: command });
  cleanUp.defer(async () => void (await engine('DELETE', `/containers/${Id}?force=1`)));
  await engine('POST', `/containers/${Id}/start`);
  const { State, NetworkSettings } = (await engine('GET', `/containers/${Id}/json`)) as unknown as {
    readonly State: { readonly Pid: number };
    readonly NetworkSettings: { readonly IPAddress: string };
  };
  return { pid: State.Pid, address: NetworkSettings.IPAddress };
}

const [one, other] = [await plain(), await plain()];
const bridge: Path = { fromPid: one.pid, toPid: other.pid, address: other.address };

const catamaranPort = await freePort();
const catamaran = cleanUp.use(await MeasuredCatamaran.start(catamaranPort));
const client = {
  endpoint: `http://127.0.0.1:${catamaranPort}`,
  region: catamaran.credentials.region,
  credentials: catamaran.credentials,
};
const ecs = new ECS(client);
const ec2 = new EC2(client);
const { network } = await catamaran.status();
if (!network.isEnforced) throw new Error(`Cannot run this bench: ${network.why}`);
const vpc = network.defaultVpc;
const subnetId = vpc?.subnets[0]?.subnetId ?? '';
while (((await ecs.listContainerInstances({})).containerInstanceArns ?? []).length === 0)
  await new Promise((resolve) => setTimeout(resolve, 20));
await ecs.registerTaskDefinition({
  family: 'bench-network',
  networkMode: 'awsvpc',
  containerDefinitions: [{ name: 'main', image, command, memory: 32, stopTimeout: 2 }],
});
const { GroupId: groupId = '' } = await ec2.createSecurityGroup({
  ...{ GroupName: 'bench', Description: 'bench', VpcId: vpc?.vpcId },
});
const { tasks = [] } = await ecs.runTask({
  ...{ taskDefinition: 'bench-network', count: 2 },
  networkConfiguration: { awsvpcConfiguration: { subnets: [subnetId], securityGroups: [groupId] } },
});
const arns = tasks.map(({ taskArn = '' }) => taskArn);
await waitUntilTasksRunning({ client: ecs, maxWaitTime: 30, minDelay: 1 }, { tasks: arns });

async function pidOf(taskArn: string): Promise<number> {
  const { tasks: [task] = [] } = await ecs.describeTasks({ tasks: [taskArn] });
  const { State } = (await engine(
    'GET',
    `/containers/${task?.containers?.[0]?.runtimeId}/json`,
  )) as unknown as {
    readonly State: { readonly Pid: number };
  };
  return State.Pid;
}
const { tasks: [, target] = [] } = await ecs.describeTasks({ tasks: arns });
const inVpc: Path = {
  fromPid: await pidOf(arns[0] ?? ''),
  toPid: await pidOf(arns[1] ?? ''),
  address: target?.containers?.[0]?.networkInterfaces?.[0]?.privateIpv4Address ?? '',
};

const rule = {
  GroupId: groupId,
  IpPermissions: [
    { IpProtocol: 'tcp', FromPort: port, ToPort: port, UserIdGroupPairs: [{ GroupId: groupId }] },
  ],
};

/** From the call to the first connection that it lets through. */
async function msToEffect(): Promise<number> {
  const asking = linesOf(inNamespace(inVpc.fromPid, 'until', inVpc.address, String(port)));
  await asking.next();
  const called = Date.now();
  await ec2.authorizeSecurityGroupIngress(rule);
  const { value } = await asking.next();
  await ec2.revokeSecurityGroupIngress(rule);
  return Number(value) - called;
}

async function measure(): Promise<{
  readonly vpc: number;
  readonly bridge: number;
  readonly effectMs: number;
}> {
  const effects: number[] = [];
  for (let change = 0; change < changes; change += 1) effects.push(await msToEffect());
  await ec2.authorizeSecurityGroupIngress(rule);
  const [ours, floor]: [number[], number[]] = [[], []];
  for (let index = 0; index < rounds; index += 1) {
    floor.push(await megabytesPerSecond(bridge));
    ours.push(await megabytesPerSecond(inVpc));
  }
  await ec2.revokeSecurityGroupIngress(rule);
  return {
    vpc: round(percentile(ours, 0.5), 0),
    bridge: round(percentile(floor, 0.5), 0),
    effectMs: round(percentile(effects, 0.5), 1),
  };
}

await serve(bridge);
await serve(inVpc);
const few = await measure();

for (let index = 0; index < groups; index += 1) {
  const { GroupId } = await ec2.createSecurityGroup({
    ...{ GroupName: `bench-${index}`, Description: 'bench', VpcId: vpc?.vpcId },
  });
  await ec2.authorizeSecurityGroupIngress({
    GroupId,
    IpPermissions: Array.from({ length: rulesInGroup }, (_, place) => ({
      ...{ IpProtocol: 'tcp', FromPort: 8_000 + place, ToPort: 8_000 + place },
      IpRanges: [{ CidrIp: `10.${index}.${place}.0/24` }],
    })),
  });
  for (let place = 0; place < Math.ceil(interfaces / groups); place += 1)
    await ec2.createNetworkInterface({ SubnetId: subnetId, Groups: [GroupId ?? ''] });
}
const many = await measure();
const { NetworkInterfaces = [] } = await ec2.describeNetworkInterfaces({});
for (const child of [ecs, ec2]) child.destroy();

console.log(
  JSON.stringify({
    bench: 'network',
    few,
    many: { ...many, interfaces: NetworkInterfaces.length, rules: groups * rulesInGroup },
    ratioToBridge: round(few.vpc / few.bridge, 2),
    ratioManyToFew: round(many.vpc / few.vpc, 2),
    budget: { ratioToBridge: 0.95, ratioManyToFew: 0.9, effectMs: 50 },
  }),
);
