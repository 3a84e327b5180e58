/**
 * Network policies in a node's kernel: 100 policies of a cluster with 1,000 pods in 20 namespaces, 20 of them or all on the node;
 * then one pod more, another label of a pod elsewhere, another policy. Each from the change to its rules, against writing all of them anew.
 * By the clock and by CPU time of this process. Needs root. Prints one JSON line.
 */
import { policyTable } from '../src/network/index.ts';
import { whyNoVpcs } from '../src/network/linux/open.ts';
import type { NetworkPolicy } from '../src/node/network-policy/objects.ts';
import { policyOf } from '../src/node/network-policy/policy.ts';
import { PolicyIndex } from '../src/node/network-policy/policy-index.ts';

const why = await whyNoVpcs();
if (why !== undefined) throw new Error(`Cannot run this bench: ${why}`);
const { openNode } = await import('../src/network/linux/testing/node.ts');

const count = { namespaces: 20, pods: 1_000, policies: 100, apps: 10 };
const rounds = 15;
const here = 'here';

const namespaceOf = (at: number): string => `namespace-${at % count.namespaces}`;
const podOf = (
  at: number,
  onNode: number,
  app = `app-${Math.floor(at / count.namespaces) % count.apps}`,
) => ({
  ...{ namespace: namespaceOf(at), labels: { app }, nodeName: at < onNode ? here : 'elsewhere' },
  address: `10.${100 + (at >> 16)}.${(at >> 8) & 255}.${at & 255}`,
  ports: [{ name: 'http', protocol: 'tcp' as const, number: 8_080 }],
});
/** Each lets a few others of its namespace, those of another and a block ask by name or range, and its pods ask for names. */
const policyAt = (at: number, port = 9_000): NetworkPolicy => ({
  metadata: { name: `policy-${at}`, namespace: namespaceOf(at) },
  spec: {
    podSelector: { matchLabels: { app: `app-${Math.floor(at / count.namespaces)}` } },
    policyTypes: ['Ingress', 'Egress'],
    ingress: [
      {
        from: [
          { podSelector: { matchLabels: { app: `app-${(at + 1) % count.apps}` } } },
          { namespaceSelector: { matchLabels: { name: namespaceOf(at + 1) } } },
          { ipBlock: { cidr: '192.168.0.0/16', except: ['192.168.7.0/24'] } },
        ],
        ports: [{ port: 'http' }, { port, endPort: port + 99 }],
      },
    ],
    egress: [
      {
        ports: [
          { protocol: 'UDP', port: 53 },
          { protocol: 'TCP', port: 53 },
        ],
      },
      { to: [{ podSelector: {} }] },
    ],
  },
});

process.stdout.write(
  `${JSON.stringify({
    bench: 'network-policies',
    twentyOnTheNode: await measure(20),
    allOnTheNode: await measure(count.pods),
  })}\n`,
);

async function measure(onNode: number) {
  const { machine, node } = await openNode();
  await using _machine = machine;
  await using _node = node;
  const index = new PolicyIndex();
  const apply = () => node.setTable(policyTable(index.policiesOf(here).plan, ['10.100.0.10']));
  const all = await costOf(async () => {
    for (let at = 0; at < count.namespaces; at += 1)
      index.putNamespace(namespaceOf(at), { name: namespaceOf(at) });
    for (let at = 0; at < count.policies; at += 1)
      index.putPolicy(`${namespaceOf(at)}/policy-${at}`, policyOf(policyAt(at)));
    for (let at = 0; at < count.pods; at += 1) index.putPod(`pod-${at}`, podOf(at, onNode));
    await apply();
  });
  const onePod: Cost[] = [];
  const oneLabel: Cost[] = [];
  const onePolicy: Cost[] = [];
  const elsewhere = count.pods - 1;
  const after = (change: () => void) => {
    return costOf(() => {
      change();
      return apply();
    });
  };
  for (let round = 0; round < rounds; round += 1) {
    const more = { ...podOf(count.pods + round, 0), nodeName: here };
    onePod.push(await after(() => index.putPod(`more-${round}`, more)));
    const other = podOf(elsewhere, onNode, `app-${round % count.apps}`);
    oneLabel.push(await after(() => index.putPod(`pod-${elsewhere}`, other)));
    const changed = policyOf(policyAt(0, 10_000 + round));
    onePolicy.push(await after(() => index.putPolicy(`${namespaceOf(0)}/policy-0`, changed)));
  }
  const anew = await costOf(async () => {
    await machine.runIn('node', 'nft', 'flush', 'ruleset');
    await node.verify();
  });
  return {
    allAtOnce: rounded(all),
    onePodMore: median(onePod),
    anotherLabel: median(oneLabel),
    anotherPolicy: median(onePolicy),
    allAnew: rounded(anew),
  };
}

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

function median(costs: readonly Cost[]): Cost {
  const middle = (of: keyof Cost) =>
    costs.map((cost) => cost[of]).sort((one, other) => one - other)[rounds >> 1] ?? 0;
  return rounded({ ms: middle('ms'), cpuMs: middle('cpuMs') });
}

function rounded({ ms, cpuMs }: Cost): Cost {
  return { ms: Math.round(ms * 10) / 10, cpuMs: Math.round(cpuMs * 10) / 10 };
}
