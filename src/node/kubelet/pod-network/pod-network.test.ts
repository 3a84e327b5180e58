import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { VirtualClock } from '../../../clock/index.ts';
import { recordingLog } from '../../../log.ts';
import type { HostPort, NodeNetwork, NodePlace, NodePod } from '../../../network/index.ts';
import type { NodeInterfaces } from './node-interfaces.ts';
import { coolDownMs, type Ledger, type NodeInterface, nextStep, withoutPods, withPod } from './plan.ts';
import { VpcPodNetwork } from './pod-network.ts';

const never = new AbortController().signal;
const limits = { maxInterfaces: 2, ipv4PerInterface: 3 };

/** EC2 and the kernel of one node. */
class World implements AsyncDisposable {
  readonly clock = new VirtualClock(0);
  readonly directory = mkdtempSync(join(tmpdir(), 'pod-network-'));
  readonly done: string[] = [];
  /** What pods wait for. */
  policies: Promise<void> = Promise.resolve();
  served: Promise<void> = Promise.resolve();
  readonly expected = new Map<string, string>();
  interfaces: NodeInterface[] = [interfaceOf(0)];
  freeInSubnet = 100;
  isFargate = false;
  hasPrefixes = false;
  isApart = true;
  #pods: VpcPodNetwork | undefined;

  get pods(): VpcPodNetwork {
    this.#pods ??= new VpcPodNetworkOf(this);
    return this.#pods;
  }

  /** As after `kill -9`. */
  restart(): void {
    this.#pods = undefined;
  }

  readonly ec2: NodeInterfaces = {
    list: async () => this.interfaces,
    assign: async (interfaceId, more) => {
      if (more.type === 'prefix') {
        this.done.push(`assign ${interfaceId} prefix`);
        this.interfaces = this.interfaces.map((each) => (each.id === interfaceId ? withPrefix(each) : each));
        return;
      }
      const { count } = more;
      if (count > this.freeInSubnet)
        throw Object.assign(new Error('The subnet is full'), { name: 'InsufficientFreeAddressesInSubnet' });
      this.freeInSubnet -= count;
      this.done.push(`assign ${interfaceId} ${count}`);
      this.interfaces = this.interfaces.map((each) => (each.id === interfaceId ? grown(each, count) : each));
    },
    add: async ({ deviceIndex, more }) => {
      const bare = interfaceOf(deviceIndex);
      const made = more.type === 'prefix' ? withPrefix(bare) : grown(bare, more.count);
      this.done.push(`add eni-${deviceIndex} ${more.type === 'prefix' ? more.type : more.count}`);
      this.interfaces = [...this.interfaces, made];
    },
  };

  readonly network = {
    attach: async (each: { interfaceId: string; netnsPath: string; deviceIndex?: number }) =>
      void this.done.push(`attach ${each.interfaceId} ${each.netnsPath} ${each.deviceIndex}`),
    detach: async (interfaceId: string) => void this.done.push(`detach ${interfaceId}`),
    untilCarried: async () => {},
    nodeNamespace: async (instanceId: string) => `/netns/${instanceId}`,
    removeNode: async (instanceId: string) => void this.done.push(`remove ${instanceId}`),
    openNode: async ({ netnsPath, pods }: NodePlace) => {
      this.done.push(`open ${netnsPath} ${pods.map(textOf).join(' ')}`.trim());
      return {
        isAt: (path: string) => path === netnsPath,
        join: async (pod: NodePod, path: string) =>
          void this.done.push(`join ${textOf(pod)} ${pod.address} ${pod.deviceIndex} ${path}`),
        connect: async (address: string, port: number) => `${address}:${port}`,
        leave: async (uid: string) => void this.done.push(`leave ${uid}`),
        [Symbol.asyncDispose]: async () => {},
      } as unknown as NodeNetwork;
    },
  };

  async addressOf(uid: string): Promise<string> {
    const { network } = await this.pods.assign(podOf(uid), never);
    return network.mode === 'interface' ? network.ipv4 : network.mode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    rmSync(this.directory, { recursive: true });
  }
}

class VpcPodNetworkOf extends VpcPodNetwork {
  constructor(world: World) {
    super({
      ...{
        instanceId: 'i-1',
        localAddresses: [],
        isFargate: world.isFargate,
        hasPrefixes: () => world.hasPrefixes,
        isApart: () => world.isApart,
        network: world.network,
        interfaces: world.ec2,
        limits,
        directory: world.directory,
      },
      guard: {
        expect: (uid, address) => world.expected.set(uid, address),
        ready: () => world.policies,
        forget: (uid) => world.expected.delete(uid),
      },
      opened: () => {
        world.done.push('opened');
        return world.served;
      },
      ...{ clock: world.clock, log: recordingLog() },
    });
  }
}

/** With its ports of the node. */
const textOf = ({ uid, hostPorts }: NodePod) =>
  [uid, ...hostPorts.map(({ hostPort, containerPort }) => `${hostPort}>${containerPort}`)].join(' ');

const podOf = (uid: string, hostPorts: readonly HostPort[] = []) => ({
  ...{ uid, namespace: 'default', name: uid, hostPorts },
});

function interfaceOf(deviceIndex: number): NodeInterface {
  return {
    ...{ id: `eni-${deviceIndex}`, deviceIndex, macAddress: '02:00:00:00:00:01', subnetId: 'subnet-1' },
    ...{ securityGroupIds: ['sg-1'], primaryAddress: `10.0.${deviceIndex}.4`, secondaryAddresses: [] },
    prefixes: [],
  };
}

function withPrefix(each: NodeInterface): NodeInterface {
  const next = `10.0.${each.deviceIndex}.${16 * (each.prefixes.length + 1)}/28`;
  return { ...each, prefixes: [...each.prefixes, next] };
}

function grown(each: NodeInterface, count: number): NodeInterface {
  const first = 5 + each.secondaryAddresses.length;
  const added = Array.from({ length: count }, (_, at) => `10.0.${each.deviceIndex}.${first + at}`);
  return { ...each, secondaryAddresses: [...each.secondaryAddresses, ...added] };
}

describe('the addresses of a node’s pods', () => {
  it('are of its interfaces, as many as its type has, and the same again for the same pod', async () => {
    await using world = new World();
    expect(await world.addressOf('a')).toBe('10.0.0.5');
    expect(await world.addressOf('b')).toBe('10.0.0.6');
    expect(await world.addressOf('c')).toBe('10.0.1.5');
    expect(await world.addressOf('a')).toBe('10.0.0.5');
    expect(await world.addressOf('d')).toBe('10.0.1.6');
    await expect(world.addressOf('e')).rejects.toThrow('failed to assign an IP address to container');
    expect(world.done).toEqual(['assign eni-0 2', 'add eni-1 2']);
  });

  it('are those of prefixes, 16 of each, where it asks for them; what there was before is used as well', async () => {
    await using world = new World();
    await world.addressOf('first');
    world.hasPrefixes = true;
    const addresses = [];
    for (let at = 0; at < 1 + 2 * 16; at += 1) addresses.push(await world.addressOf(`pod-${at}`));
    expect(addresses.slice(0, 2)).toEqual(['10.0.0.6', '10.0.1.16']);
    expect([...addresses].at(-1)).toBe('10.0.1.47');
    expect(new Set(addresses).size).toBe(addresses.length);
    await expect(world.addressOf('one more')).rejects.toThrow('failed to assign an IP address to container');
    expect(world.done).toEqual(['assign eni-0 2', 'add eni-1 prefix', 'assign eni-1 prefix']);
    world.restart();
    expect(await world.addressOf('pod-1')).toBe('10.0.1.16');
    await world.pods.release('pod-1');
    await world.clock.advance(coolDownMs);
    expect(await world.addressOf('another')).toBe('10.0.1.16');
  });

  it('lead to pods whose policies are carried out', async () => {
    await using world = new World();
    const carriedOut = Promise.withResolvers<void>();
    world.policies = carriedOut.promise;
    await world.addressOf('a');
    expect([...world.expected]).toEqual([['a', '10.0.0.5']]);
    const joining = world.pods.join(podOf('a'), '/netns/a', never);
    // Others do not wait with it.
    await world.addressOf('b');
    expect(world.done.filter((each) => each.startsWith('join'))).toEqual([]);
    carriedOut.resolve();
    await joining;
    expect(world.done.at(-1)).toBe('join a 10.0.0.5 0 /netns/a');
    await world.pods.release('a');
    expect([...world.expected.keys()]).toEqual(['b']);
  });

  it('are those of pods that wait until their node has names and Services for them, for a while', async () => {
    await using world = new World();
    const served = Promise.withResolvers<void>();
    world.served = served.promise;
    await world.addressOf('a');
    const waits = [world.pods.join(podOf('a'), '/netns/a', never), world.pods.nodeNamespace(never)];
    const ends = Promise.allSettled(waits);
    // Others do not wait with it.
    await world.addressOf('b');
    await vi.waitFor(() => expect(world.done.at(-1)).toBe('join a 10.0.0.5 0 /netns/a'));
    await world.clock.advance(10_000);
    for (const end of await ends)
      expect(end).toMatchObject({ reason: { message: expect.stringContaining('no names and Services') } });
    const again = world.pods.join(podOf('a'), '/netns/a', never);
    await world.clock.advance(9_000);
    served.resolve();
    await again;
    expect(world.clock.pendingTimers).toBe(0);
  });

  it('rest before another pod has them', async () => {
    await using world = new World();
    for (const uid of ['a', 'b', 'c', 'd']) await world.addressOf(uid);
    await world.pods.release('b');
    await world.pods.release('b');
    await expect(world.addressOf('e')).rejects.toThrow('failed to assign');
    await world.clock.advance(coolDownMs);
    expect(await world.addressOf('e')).toBe('10.0.0.6');
  });

  it('rest no longer because the clock is set back', async () => {
    await using world = new World();
    for (const uid of ['a', 'b', 'c', 'd']) await world.addressOf(uid);
    await world.pods.release('b');
    world.clock.jump(-20_000);
    await expect(world.addressOf('e')).rejects.toThrow('failed to assign an IP address');
    world.clock.jump(-3_600_000);
    expect(await world.addressOf('e')).toBe('10.0.0.6');
  });

  it('are remembered over a death, and taken back from pods that went meanwhile', async () => {
    await using world = new World();
    await world.addressOf('a');
    await world.addressOf('b');
    world.restart();
    expect(await world.addressOf('b')).toBe('10.0.0.6');
    await world.pods.retain(new Set(['b']));
    world.restart();
    await world.clock.advance(coolDownMs);
    expect(await world.addressOf('c')).toBe('10.0.0.5');
  });

  it('come one by one where a subnet is nearly full', async () => {
    await using world = new World();
    world.freeInSubnet = 1;
    expect(await world.addressOf('a')).toBe('10.0.0.5');
    await expect(world.addressOf('b')).rejects.toThrow('failed to assign');
  });

  it('are given anew where somebody took them from the interface', async () => {
    await using world = new World();
    await world.addressOf('a');
    world.interfaces = [interfaceOf(0)];
    world.interfaces = world.interfaces.map((each) => ({ ...each, secondaryAddresses: ['10.0.0.77'] }));
    expect(await world.addressOf('a')).toBe('10.0.0.77');
  });

  it('lead to the node’s own namespace, which has all of its interfaces', async () => {
    await using world = new World();
    const early = world.pods.connect({ address: '10.0.0.5', port: 80 }, never);
    await expect(early).rejects.toThrow('the node has no network yet');
    await world.addressOf('a');
    await world.pods.join(podOf('a'), '/a', never);
    await world.pods.join(podOf('a'), '/a', never);
    await world.pods.open(never);
    // Probes are the node's own connections.
    expect(await world.pods.connect({ address: '10.0.0.5', port: 80 }, never)).toBe('10.0.0.5:80');
    expect(world.done.splice(0)).toEqual([
      ...['assign eni-0 2', 'attach eni-0 /netns/i-1 0', 'open /netns/i-1 a', 'opened'],
      ...['join a 10.0.0.5 0 /a', 'join a 10.0.0.5 0 /a'],
    ]);
    await world.addressOf('b');
    await world.addressOf('c');
    expect(world.done.splice(0)).toEqual([
      ...['add eni-1 2', 'attach eni-0 /netns/i-1 0', 'attach eni-1 /netns/i-1 1'],
    ]);
    // Whoever comes after a crash knows them.
    world.restart();
    await world.pods.open(never);
    expect(world.done.splice(0)).toEqual([
      ...['attach eni-0 /netns/i-1 0', 'attach eni-1 /netns/i-1 1', 'open /netns/i-1 a b c', 'opened'],
    ]);
    await world.pods.remove();
    expect(world.done).toEqual(['detach eni-0', 'detach eni-1', 'remove i-1']);
  });

  it('are the node’s own with Fargate, whose pod is in the node’s namespace', async () => {
    await using world = new World();
    world.isFargate = true;
    expect(await world.addressOf('a')).toBe('10.0.0.4');
    await world.pods.join(podOf('a'), '/a', never);
    await world.pods.join(podOf('a'), '/again', never);
    expect(world.done).toEqual([
      ...['attach eni-0 /a 0', 'open /a', 'opened', 'attach eni-0 /again 0', 'open /again', 'opened'],
    ]);
  });

  it('are none where pods have their node’s network, which is there before any address', async () => {
    await using world = new World();
    expect(await world.pods.nodeNamespace(never)).toBe('/netns/i-1');
    expect(await world.pods.nodeNamespace(never)).toBe('/netns/i-1');
    expect(world.done).toEqual(['attach eni-0 /netns/i-1 0', 'open /netns/i-1', 'opened']);
    await using fargate = new World();
    fargate.isFargate = true;
    await expect(fargate.pods.nodeNamespace(never)).rejects.toThrow('has no hostNetwork');
  });

  it('are led to by ports of the node, also before a kubelet that starts anew has seen the pods', async () => {
    await using world = new World();
    const ports = [{ protocol: 'tcp', hostIp: '0.0.0.0', hostPort: 8_080, containerPort: 80 }] as const;
    await world.pods.assign(podOf('a', ports), never);
    await world.pods.join(podOf('a', ports), '/a', never);
    expect(world.done).toContain('join a 8080>80 10.0.0.5 0 /a');
    world.restart();
    await world.pods.open(never);
    expect(world.done).toContain('open /netns/i-1 a 8080>80');
    await world.pods.release('a');
    world.restart();
    world.done.splice(0);
    await world.pods.open(never);
    expect(world.done).toContain('open /netns/i-1');
  });

  it('are never had by two pods, whatever comes and goes', () => {
    const anyEvents = fc.array(fc.tuple(fc.boolean(), fc.nat({ max: 9 }), fc.nat({ max: 40_000 })));
    fc.assert(
      fc.property(anyEvents, (events) => {
        let interfaces = [grown(interfaceOf(0), 2), grown(interfaceOf(1), 2)];
        let ledger: Ledger = { pods: {}, hostPorts: {}, own: {}, released: {} };
        const givenBack = new Map<string, number>();
        let now = 0;
        for (const [isComing, pod, passed] of events) {
          now += passed;
          const uid = `pod-${pod}`;
          const had = ledger.pods[uid];
          if (!isComing) {
            ledger = withoutPods(ledger, [uid], now);
            if (had !== undefined) givenBack.set(had, now);
          } else if (had === undefined) {
            const step = nextStep(interfaces, ledger, limits, now);
            interfaces = [...interfaces];
            if (step.type !== 'take') {
              expect(step.type).toBe('none');
              continue;
            }
            expect(Object.values(ledger.pods)).not.toContain(step.address);
            expect(now - (givenBack.get(step.address) ?? -coolDownMs)).toBeGreaterThanOrEqual(coolDownMs);
            ledger = withPod(ledger, podOf(uid), step.address);
          }
        }
      }),
    );
  });
});

describe('a pod with an interface for itself', () => {
  const told = { id: 'eni-9', macAddress: '02:00:00:00:00:09', address: '10.0.0.99', vlanId: 3 };
  const own = { ...podOf('own'), ownInterface: told };

  it('waits until it is told which one', async () => {
    await using world = new World();
    const awaiting = world.pods.assign({ ...own, ownInterface: 'awaited' }, never);
    await expect(awaiting).rejects.toThrow('failed to assign an IP address to container');
    expect(await world.pods.assign(own, never)).toEqual({
      network: { mode: 'interface', interfaceId: 'eni-9', ipv4: '10.0.0.99', macAddress: told.macAddress },
    });
    expect(world.expected.get('own')).toBe('10.0.0.99');
    expect(world.pods.podAt('10.0.0.99')).toBe('own');
  });

  it('has it by its node, also after a death, and gives it back', async () => {
    await using world = new World();
    await world.pods.assign(own, never);
    await world.pods.join(own, '/netns/own', never);
    expect(world.done.slice(-2)).toEqual([
      'attach eni-9 /netns/i-1 103',
      'join own 10.0.0.99 103 /netns/own',
    ]);
    world.restart();
    await world.pods.open(never);
    expect(world.done.slice(-4)).toEqual([
      ...['attach eni-0 /netns/i-1 0', 'attach eni-9 /netns/i-1 103', 'open /netns/i-1 own', 'opened'],
    ]);
    await world.pods.retain(new Set());
    expect(world.done.slice(-2)).toEqual(['leave own', 'detach eni-9']);
    expect(world.pods.podAt('10.0.0.99')).toBeUndefined();
  });

  it('has no ports of its node where it is apart', async () => {
    await using world = new World();
    const port = { protocol: 'tcp', hostIp: '0.0.0.0', hostPort: 80, containerPort: 80 } as const;
    await expect(world.pods.assign({ ...own, hostPorts: [port] }, never)).rejects.toThrow('no hostPort');
    world.isApart = false;
    await world.pods.assign({ ...own, hostPorts: [port] }, never);
  });
});
