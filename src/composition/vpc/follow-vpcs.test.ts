import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../clock/index.ts';
import { recordingLog } from '../../log.ts';
import type { VpcTopology } from '../../topology/index.ts';
import { followVpcs, type VpcSource } from './follow-vpcs.ts';

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** VPCs as a test says, and what was asked of the machine. */
class World implements VpcSource {
  readonly clock = new VirtualClock(0);
  readonly log = recordingLog();
  readonly vpcs = new Map<string, VpcTopology>();
  readonly done: string[] = [];
  failures = 0;
  #tell: ((vpcKey: string) => void) | undefined;

  readonly network = {
    apply: async ({ id, interfaces }: VpcTopology) => {
      if (this.failures > 0) {
        this.failures -= 1;
        throw new Error('no buffer space');
      }
      await settled();
      this.done.push(`apply ${id} ${interfaces.length}`);
    },
    remove: async (id: string) => void this.done.push(`remove ${id}`),
  };
  readonly tenant = {
    settle: async ({ id }: VpcTopology) => void this.done.push(`settle ${id}`),
    leave: async (id: string) => void this.done.push(`leave ${id}`),
    [Symbol.asyncDispose]: async () => {},
  };

  vpcKeys = () => [...this.vpcs.keys()];
  topologyOf = (vpcKey: string) => this.vpcs.get(vpcKey);
  subscribe(tell: (vpcKey: string) => void): Disposable {
    this.#tell = tell;
    return { [Symbol.dispose]: () => (this.#tell = undefined) };
  }

  put(id: string, interfaces: number, machineId = 'm-1'): void {
    this.vpcs.set(`key-${id}`, vpcOf(id, interfaces, machineId));
    this.#tell?.(`key-${id}`);
  }

  delete(id: string): void {
    this.vpcs.delete(`key-${id}`);
    this.#tell?.(`key-${id}`);
  }

  follow(): AsyncDisposable {
    const { network, tenant, clock, log } = this;
    return followVpcs({ source: this, network, machineId: 'm-1', tenants: [tenant], clock, log });
  }

  async until(length: number): Promise<readonly string[]> {
    for (let turn = 0; this.done.length < length && turn < 1_000; turn += 1) await settled();
    return this.done.splice(0);
  }
}

function vpcOf(id: string, interfaces: number, machineId: string): VpcTopology {
  const one = { id: 'eni', subnetId: 'subnet', macAddress: '', addresses: [], prefixes: [] };
  return {
    ...{ id, number: 1, cidrs: [], hasResolver: true, hasInternetGateway: false, subnets: [] },
    ...{ routeTables: [], securityGroups: [], natGateways: [] },
    interfaces: Array.from({ length: interfaces }, (_, index) => ({
      ...{ ...one, id: `eni-${index}`, securityGroupIds: [], publicAddresses: [] },
      checksSourceAndDestination: true,
      machineId,
    })),
  };
}

describe('the VPCs of a machine', () => {
  it('come with their first interface, and go with their record', async () => {
    const world = new World();
    world.put('used', 1);
    world.put('idle', 0);
    world.put('elsewhere', 1, 'm-2');
    await using _following = world.follow();
    expect(await world.until(2)).toEqual(['apply used 1', 'settle used']);
    world.put('idle', 1);
    expect(await world.until(2)).toEqual(['apply idle 1', 'settle idle']);
    world.put('idle', 0);
    expect(await world.until(2)).toEqual(['apply idle 0', 'settle idle']);
    world.delete('idle');
    expect(await world.until(2)).toEqual(['leave idle', 'remove idle']);
  });

  it('are made once for a burst of changes', async () => {
    const world = new World();
    await using _following = world.follow();
    for (let count = 1; count <= 50; count += 1) world.put('a', count);
    expect(await world.until(2)).toEqual(['apply a 50', 'settle a']);
    world.put('a', 51);
    await settled();
    for (let count = 52; count <= 90; count += 1) world.put('a', count);
    expect(await world.until(4)).toEqual(['apply a 51', 'settle a', 'apply a 90', 'settle a']);
  });

  it('are as the last change says, whenever it comes', async () => {
    const world = new World();
    await using _following = world.follow();
    for (let turns = 0; turns < 40; turns += 1) {
      world.put('a', 1);
      await world.until(2);
      world.put('a', 2);
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      world.put('a', 3);
      for (let turn = 0; turn < 50 && !world.done.includes('apply a 3'); turn += 1) await settled();
      expect(world.done).toContain('apply a 3');
      await settled();
      world.done.length = 0;
    }
  });

  it('are tried again when the kernel says no', async () => {
    const world = new World();
    world.failures = 2;
    world.put('a', 1);
    await using _following = world.follow();
    for (let turn = 0; turn < 20; turn += 1) {
      await settled();
      await world.clock.advance(500);
    }
    expect(world.done).toEqual(['apply a 1', 'settle a']);
    expect(world.log.lines).toHaveLength(2);
  });
});
