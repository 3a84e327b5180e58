/**
 * A VPC in the kernel: what it costs to attach an interface to a namespace, against the same by two `ip` processes; to
 * apply a VPC with 1,000 interfaces, and with one more; and to look whether all is as it shall be. By the clock and by
 * CPU time of this process, which other programs of the machine don't change. Needs root. Prints one JSON line.
 */
import { execFileSync } from 'node:child_process';
import { linkName } from '../src/network/linux/link-name.ts';
import { whyNoVpcs } from '../src/network/linux/open.ts';
import { eni, id, vpc } from '../src/network/linux/testing/topologies.ts';
import type { InterfaceTopology } from '../src/topology/index.ts';

const why = await whyNoVpcs();
if (why !== undefined) throw new Error(`Cannot run this bench: ${why}`);
const { TestMachine } = await import('../src/network/linux/testing/machine.ts');

const count = 1_000;
const attached = 100;
const byProcess = 20;

const interfaces = Array.from({ length: count }, (_, index) =>
  eni(`10.0.${16 + Math.floor(index / 250)}.${4 + (index % 250)}`, {
    id: `eni-${index.toString(16).padStart(13, '0')}abcd`,
    subnetId: id('subnet', 'large'),
  }),
);
const topology = (some: readonly InterfaceTopology[]) =>
  vpc({
    hasInternetGateway: true,
    subnets: [{ id: id('subnet', 'large'), cidr: '10.0.16.0/20', routeTableId: id('rtb', 'a') }],
    interfaces: some,
  });

await using machine = new TestMachine();
const network = machine.network();
await network.apply(topology([]));
const applyAll = await costOf(() => network.apply(topology(interfaces.slice(0, -1))));
const applyOne = await costOf(() => network.apply(topology(interfaces)));

const some = interfaces.slice(0, attached);
for (const each of some) machine.namespace(each.id);
const attaching: Cost[] = [];
for (const each of some) attaching.push(await costOf(() => machine.attach(network, each.id, each.id)));
const verify = await costOf(() => network.verify());
const detachAll = await costOf(() => Promise.all(some.map((each) => network.detach(each.id))));

const [router = ''] = machine.routers();
const processes: number[] = [];
for (const each of some.slice(0, byProcess)) {
  const namespace = machine.nameOf(each.id);
  const started = performance.now();
  const link = linkName(each.id);
  execFileSync('ip', [
    '-n',
    router,
    'link',
    'add',
    link,
    'up',
    'type',
    'veth',
    'peer',
    'name',
    'eth0',
    'netns',
    namespace,
  ]);
  const [address] = each.addresses;
  const commands = `address add ${address}/20 dev eth0\nlink set eth0 up\nroute add default via 10.0.16.1\n`;
  execFileSync('ip', ['-n', namespace, '-batch', '-'], { input: commands });
  processes.push(performance.now() - started);
}

process.stdout.write(
  `${JSON.stringify({
    bench: 'vpc',
    attachMs: median(attaching.map(({ ms }) => ms)),
    attachCpuMs: median(attaching.map(({ cpuMs }) => cpuMs)),
    attachByProcessesMs: median(processes),
    applyThousandMs: rounded(applyAll.ms),
    applyThousandCpuMs: rounded(applyAll.cpuMs),
    applyOneMoreMs: rounded(applyOne.ms),
    applyOneMoreCpuMs: rounded(applyOne.cpuMs),
    verifyMs: rounded(verify.ms),
    verifyCpuMs: rounded(verify.cpuMs),
    detachHundredMs: rounded(detachAll.ms),
  })}\n`,
);

interface Cost {
  readonly ms: number;
  readonly cpuMs: number;
}

async function costOf(work: () => Promise<unknown>): Promise<Cost> {
  const started = performance.now();
  const before = process.threadCpuUsage();
  await work();
  const { user, system } = process.threadCpuUsage(before);
  return { ms: performance.now() - started, cpuMs: (user + system) / 1_000 };
}

function median(values: readonly number[]): number {
  return rounded([...values].sort((one, other) => one - other)[values.length >> 1] ?? 0);
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
