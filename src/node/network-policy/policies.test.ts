import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { policyTable, policyVerdict } from '../../network/index.ts';
import { explainPolicies } from './explain-policies.ts';
import { policyOf } from './policy.ts';
import type { NodePolicies, PolicyIndex } from './policy-index.ts';
import { dnsPod } from './policy-pods.ts';
import { anyConnection, anyWorld } from './testing/any-world.ts';
import { indexOf, putPod } from './testing/indexed.ts';
import { type Connection, isAllowed, type World } from './testing/literal-reading.ts';

const addresses = Array.from({ length: 8 }, (_, at) => `10.0.1.${10 + at}`);
const others = ['10.0.1.40', '10.0.2.7', '192.0.2.9'];

function passes({ plan }: NodePolicies, { from, to, protocol, port }: Connection): boolean {
  const flow = { protocol: protocol.toLowerCase(), port };
  const podAt = (address: string) => plan.pods.find((pod) => pod.address === address) ?? { address };
  const out = policyVerdict(plan, podAt(from), 'egress', { ...flow, peer: to });
  const into = policyVerdict(plan, podAt(to), 'ingress', { ...flow, peer: from });
  return (out?.passes ?? true) && (into?.passes ?? true);
}

describe('policies', () => {
  it('let pass what the words of their reference say, and nothing else', () => {
    const counts = { passed: 0, stopped: 0 };
    const connections = fc.array(anyConnection([...addresses, ...others]), { minLength: 40, maxLength: 40 });
    const property = fc.property(anyWorld(addresses, others), connections, (world, tried) => {
      const policies = indexOf(world).policiesOf('here');
      for (const connection of tried) {
        const expected = isAllowed(world, connection);
        expect(passes(policies, connection), JSON.stringify({ connection, world })).toBe(expected);
        counts[expected ? 'passed' : 'stopped'] += 1;
      }
    });
    fc.assert(property, { numRuns: 400 });
    // A proof of both.
    expect(Math.min(counts.passed, counts.stopped)).toBeGreaterThan(2_000);
  });

  it('are the same however they came to be', () => {
    const property = fc.property(
      fc.array(anyWorld(addresses, others), { minLength: 2, maxLength: 4 }),
      fc.infiniteStream(fc.nat()),
      (worlds, chance) => {
        const [first, ...later] = worlds;
        if (first === undefined) return;
        const index = indexOf(first);
        let before = first;
        for (const world of later) {
          for (const change of shuffled(changesTo(index, before, world), chance)) change();
          before = world;
        }
        expect(tableOf(index.policiesOf('here'))).toEqual(tableOf(indexOf(before).policiesOf('here')));
      },
    );
    fc.assert(property, { numRuns: 60 });
  });

  it('stay the same objects while they do not change, so that nobody makes their rules anew', () => {
    const world = shop();
    const index = indexOf(world);
    const before = index.policiesOf('here').plan;
    const [, api] = world.pods;
    if (api === undefined) throw new Error('There is no such pod');
    // Another label of a pod that is in one of two groups.
    putPod(index, { ...api, metadata: { ...api.metadata, labels: { app: 'api', tier: 'front' } } });
    const after = index.policiesOf('here').plan;
    const [web] = before.pods;
    expect(after.pods.find(({ address }) => address === web?.address)).toBe(web);
    const changed = [...after.groups].filter(([id, group]) => before.groups.get(id) !== group);
    expect(changed.map(([id]) => id)).toEqual([expect.stringContaining('"tier":"front"')]);
  });

  it('know a pod’s address before the API server does, and none of pods that have ended or are in their node’s network', () => {
    const index = indexOf({ ...shop(), pods: [] });
    const pod = {
      ...{ metadata: { name: 'web', namespace: 'shop', uid: 'web', labels: { app: 'web' } } },
      spec: { nodeName: 'here' },
    };
    putPod(index, pod);
    expect(index.policiesOf('here').addresses.size).toBe(0);
    index.putAddress('web', '10.0.1.10');
    expect(index.policiesOf('here').plan.pods).toMatchObject([{ address: '10.0.1.10' }]);
    index.putAddress('web', undefined);
    expect(index.policiesOf('here').plan.pods).toEqual([]);
    for (const change of [
      { status: { phase: 'Succeeded', podIP: '10.0.1.10' } },
      { spec: { ...pod.spec, hostNetwork: true }, status: { podIP: '10.0.1.10' } },
    ]) {
      putPod(index, { ...pod, ...change });
      expect(index.policiesOf('here').addresses.size).toBe(0);
    }
  });

  it('mean no pod by an address that is none of IPv4', () => {
    const index = indexOf(shop());
    const [, api] = shop().pods;
    if (api === undefined) throw new Error('There is no such pod');
    for (const podIP of ['fd00::1', '10.0.1.11 } ; flush ruleset']) {
      putPod(index, { ...api, status: { phase: 'Running', podIP } });
      const { addresses, plan } = index.policiesOf('here');
      expect([...addresses.values()]).toEqual(['10.0.1.10', '10.0.1.12']);
      expect([...plan.groups.values()].flatMap((group) => [...group.addresses])).toEqual([]);
    }
  });

  it('say by name which let a flow pass, and which stop it', () => {
    const index = indexOf(shop());
    const { plan } = index.policiesOf('here');
    const [web] = plan.pods;
    if (web === undefined) throw new Error('There is no such pod');
    const asked = (peer: string, port = 80) =>
      policyVerdict(plan, web, 'ingress', { protocol: 'tcp', port, peer });
    expect(asked('10.0.1.11')).toEqual({ passes: true, policies: ['shop/from-api'] });
    expect(asked('10.0.1.12')).toEqual({ passes: false, policies: ['shop/from-api', 'shop/from-front'] });
    expect(
      policyVerdict(plan, web, 'egress', { protocol: 'tcp', port: 80, peer: '10.0.1.12' }),
    ).toBeUndefined();
  });

  it('are explained of both ends of a packet', () => {
    const { plan } = indexOf(shop()).policiesOf('here');
    const say = (from: string, to: string) => explainPolicies(plan, { from, to, protocol: 'tcp', port: 80 });
    expect(say('10.0.1.11', '10.0.1.12')).toEqual([]);
    expect(say('10.0.1.11', '10.0.1.10')).toEqual([
      {
        ...{ direction: 'ingress', passes: true },
        sentence: 'The NetworkPolicy shop/from-api allows 10.0.1.10 this ingress from 10.0.1.11.',
      },
    ]);
    expect(say('10.0.1.12', '10.0.1.10')).toEqual([
      {
        ...{ direction: 'ingress', passes: false },
        sentence:
          'No rule of the NetworkPolicies that isolate 10.0.1.10 (shop/from-api, shop/from-front) allows this ingress from 10.0.1.12.',
      },
    ]);
  });

  it('take the node’s answers to questions for names for those of CoreDNS', () => {
    const index = indexOf(shop());
    index.putPod('kube-dns', dnsPod('10.100.0.10'));
    index.putNamespace('kube-system', { 'kubernetes.io/metadata.name': 'kube-system' });
    index.putPolicy(
      'shop/names',
      policyOf({
        metadata: { name: 'names', namespace: 'shop' },
        spec: {
          ...{ podSelector: {}, policyTypes: ['Egress'] },
          egress: [
            {
              to: [
                {
                  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
                  podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
                },
              ],
              ports: [{ protocol: 'UDP', port: 'dns' }],
            },
          ],
        },
      }),
    );
    const policies = index.policiesOf('here');
    const ask = (to: string, port: number) =>
      passes(policies, { from: '10.0.1.10', to, protocol: 'UDP', port });
    expect(ask('10.100.0.10', 53)).toBe(true);
    expect(ask('10.100.0.10', 54)).toBe(false);
    expect(ask('10.100.0.1', 53)).toBe(false);
  });
});

/** Two policies for `web`; one lets `api` ask it, the other whoever is in front. */
function shop(): World {
  const pod = (name: string, address: string) => ({
    metadata: { name, namespace: 'shop', uid: name, labels: { app: name } },
    ...{ spec: { nodeName: 'here' }, status: { phase: 'Running', podIP: address } },
  });
  const from = (name: string, matchLabels: Record<string, string>) => ({
    metadata: { name, namespace: 'shop' },
    spec: {
      ...{ podSelector: { matchLabels: { app: 'web' } }, policyTypes: ['Ingress'] },
      ingress: [{ from: [{ podSelector: { matchLabels } }] }],
    },
  });
  return {
    namespaces: [{ name: 'shop', labels: {} }],
    pods: [pod('web', '10.0.1.10'), pod('api', '10.0.1.11'), pod('other', '10.0.1.12')],
    policies: [from('from-api', { app: 'api' }), from('from-front', { tier: 'front' })],
  };
}

/** What makes one world of another, in any order. */
function changesTo(index: PolicyIndex, before: World, after: World): (() => void)[] {
  const key = ({ metadata }: World['policies'][number]) => `${metadata.namespace}/${metadata.name}`;
  const kept = new Set(after.policies.map(key));
  return [
    ...before.policies
      .filter((each) => !kept.has(key(each)))
      .map((each) => () => index.putPolicy(key(each), undefined)),
    ...after.policies.map((each) => () => index.putPolicy(key(each), policyOf(each))),
    ...after.namespaces.map(
      ({ name, labels }) =>
        () =>
          index.putNamespace(name, labels),
    ),
    ...after.pods.map((pod) => () => putPod(index, pod)),
  ];
}

function shuffled<T>(items: readonly T[], chance: Iterator<number>): T[] {
  return items
    .map((item) => ({ item, at: chance.next().value ?? 0 }))
    .sort((one, other) => one.at - other.at)
    .map(({ item }) => item);
}

/** As the kernel would have it, in no order. */
function tableOf({ plan }: NodePolicies) {
  const { sets, chains } = policyTable(plan, []);
  return {
    sets: new Map(Array.from(sets, ([name, { elements }]) => [name, Object.fromEntries(elements)])),
    chains: Object.fromEntries(chains),
  };
}
