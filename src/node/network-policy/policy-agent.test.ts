import { expect, it } from 'vitest';
import { seededRandom, systemClock, VirtualClock } from '../../clock/index.ts';
import { recordingLog } from '../../log.ts';
import { type Flow, NetworkError, type NftTable } from '../../network/index.ts';
import { ApiClient } from '../kubelet/api/api-client.ts';
import { TestNodes } from '../kubelet/testing/test-cluster.ts';
import { type GuardedNode, PolicyAgent, type PolicyAgentOptions } from './policy-agent.ts';

const clock = systemClock();
const random = seededRandom(7);
const never = new AbortController().signal;

/** A node whose rules are seen and not carried out. */
class SeenNode implements GuardedNode {
  readonly name: string;
  readonly primaryAddress = '10.0.1.10';
  readonly answered = ['10.100.0.1', '10.100.0.10'];
  table: NftTable | undefined;
  writes = 0;
  failures = 0;
  isCut: ((flow: Flow) => boolean) | undefined;
  readonly network = {
    setTable: async (table: NftTable) => {
      if (this.failures-- > 0) throw new NetworkError('no buffer space');
      this.table = table;
      this.writes += 1;
    },
    interrupt: async (isCut: (flow: Flow) => boolean) => {
      this.isCut = isCut;
    },
  };

  constructor(name: string) {
    this.name = name;
  }

  get isolated(): readonly string[] {
    return [...(this.table?.sets.get('isolated')?.elements.keys() ?? [])];
  }

  /** Addresses that are in any group. */
  get members(): readonly string[] {
    const groups = [...(this.table?.sets ?? [])].filter(([name]) => name.startsWith('group_'));
    return groups.flatMap(([, { elements }]) => [...elements.keys()]);
  }
}

async function until(what: string, holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 5_000 && !holds(); tries++) await clock.sleep(10);
  if (!holds()) throw new Error(`Not seen: ${what}`);
}

async function openAgent() {
  const nodes = await TestNodes.open();
  const here = new SeenNode('ip-10-0-1-10.eu-west-1.compute.internal');
  const access = await nodes.access(here.name);
  const log = recordingLog();
  const api = new ApiClient(access, { clock, random });
  const world = { isOn: true };
  const isOn = () => world.isOn;
  const agent = new PolicyAgent({ ...{ api, clock, random, log }, dnsAddress: '10.100.0.10', isOn });
  const added = agent.add(here);
  const policies = '/apis/networking.k8s.io/v1/namespaces/default/networkpolicies';
  const call: TestNodes['cluster']['call'] = async (...asked) => {
    const answer = await nodes.cluster.call(...asked);
    expect(answer.status, answer.text).toBeLessThan(300);
    return answer;
  };
  return {
    ...{ nodes, here, agent, added, log, policies, call, world },
    guard: agent.guardOf(here.name),
    [Symbol.asyncDispose]: async () => {
      await added[Symbol.asyncDispose]();
      await agent[Symbol.asyncDispose]();
      api[Symbol.dispose]();
      await nodes[Symbol.asyncDispose]();
    },
  };
}

const containers = [{ name: 'main', image: 'x' }];
const selecting = (app: string, from: string) => ({
  metadata: { name: `to-${app}` },
  spec: {
    podSelector: { matchLabels: { app } },
    ingress: [{ from: [{ podSelector: { matchLabels: { app: from } } }] }],
  },
});
const merge = { 'content-type': 'application/merge-patch+json' };

it('follows the policies of a cluster as its nodes may read them', async () => {
  await using world = await openAgent();
  const { nodes, here, guard, log, policies, call } = world;
  here.failures = 1;
  await until('no policy', () => here.writes > 0);
  const { metadata } = await nodes.get(
    await nodes.bind(here.name, 'web', { containers }, { labels: { app: 'web' } }),
  );
  guard.expect(metadata.uid, '10.0.1.11');
  await guard.ready(metadata.uid, never);
  expect(here.isolated).toEqual([]);

  await call('POST', policies, selecting('web', 'api'));
  await until('its policy', () => here.isolated.includes('10.0.1.11'));
  // What was begun before is judged.
  const flow = { protocol: 'tcp', sentAs: '10.0.9.9', destination: '10.0.1.11', port: 80 } as const;
  const isCut = (source: string) => here.isCut?.({ ...flow, source, receiver: '10.0.1.11' });
  expect([isCut('10.0.9.9'), isCut(here.primaryAddress), isCut('10.0.1.11')]).toEqual([true, false, false]);

  // A pod of another node is a peer as soon as its address is known.
  const api = await nodes.bind('there', 'api', { containers }, { labels: { app: 'api' } });
  await call(
    'PATCH',
    `${api}/status`,
    { status: { podIP: '10.0.2.7', podIPs: [{ ip: '10.0.2.7' }] } },
    merge,
  );
  await until('its address', () => here.members.includes('10.0.2.7'));
  const { writes } = here;
  // Nobody's business.
  await call('PATCH', `${api}/status`, { status: { message: 'still here' } }, merge);
  await call('PATCH', api, { metadata: { labels: { app: 'other' } } }, merge);
  await until('another label', () => here.members.length === 0);
  expect(here.writes).toBe(writes + 1);

  await call('DELETE', `${policies}/to-web`);
  await until('no policy any more', () => here.isolated.length === 0);
  expect(log.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
});

it('isolates nobody where policies are switched off, and whom they select once they are on', async () => {
  await using opened = await openAgent();
  const { nodes, here, guard, agent, policies, call, world } = opened;
  world.isOn = false;
  const labels = { labels: { app: 'web' } };
  const { metadata } = await nodes.get(await nodes.bind(here.name, 'web', { containers }, labels));
  await call('POST', policies, selecting('web', 'api'));
  guard.expect(metadata.uid, '10.0.1.11');
  await guard.ready(metadata.uid, never);
  expect(here.isolated).toEqual([]);
  world.isOn = true;
  agent.refresh();
  await until('its policy', () => here.isolated.includes('10.0.1.11'));
  world.isOn = false;
  agent.refresh();
  await until('nobody isolated', () => here.isolated.length === 0);
});

it('lets a pod begin when its policies are carried out, and not before', async () => {
  await using world = await openAgent();
  const { nodes, here, agent, guard, policies, call } = world;
  await call('POST', policies, selecting('web', 'api'));
  // The kubelet may hear of a pod before this does.
  guard.expect('unknown', '10.0.1.12');
  const stopped = new AbortController();
  const waiting = guard.ready('unknown', stopped.signal);
  stopped.abort(new Error('The kubelet is closing'));
  await expect(waiting).rejects.toThrow('The kubelet is closing');

  const { metadata } = await nodes.get(
    await nodes.bind(here.name, 'web', { containers }, { labels: { app: 'web' } }),
  );
  here.failures = 1;
  guard.expect(metadata.uid, '10.0.1.11');
  await guard.ready(metadata.uid, never);
  expect(here.isolated).toEqual(['10.0.1.11']);
  guard.forget(metadata.uid);
  await until('its address is free', () => here.isolated.length === 0);

  // Another network of the same node, where nothing is yet.
  const again = new SeenNode(here.name);
  guard.expect(metadata.uid, '10.0.1.13');
  await using _again = agent.add(again);
  await guard.ready(metadata.uid, never);
  expect(again.isolated).toEqual(['10.0.1.13']);
});

it('says why a pod cannot begin', async () => {
  const virtual = new VirtualClock(0);
  const log = recordingLog();
  const api: PolicyAgentOptions['api'] = {
    list: () => Promise.reject(new Error('forbidden')),
    watch: () => {
      throw new Error('forbidden');
    },
  };
  await using agent = new PolicyAgent({ ...{ api, clock: virtual, random, log }, dnsAddress: '10.100.0.10' });
  const guard = agent.guardOf('here');
  guard.expect('web', '10.0.1.11');
  const ready = guard.ready('web', never);
  const told = expect(ready).rejects.toThrow('Namespaces or Pods of the cluster could not be read');
  await virtual.advance(10_000);
  await told;
});
