import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LoadBalancerPlan, TargetReport } from '../../balancing/index.ts';
import { seededRandom } from '../../clock/index.ts';
import { BalancerOfNodes } from './balancer-of-nodes.ts';
import type { NodePlace, WantedNode } from './node-proxy.ts';
import type { Observation } from './targets.ts';
import { group, balancer as planned, target } from './testing/plans.ts';

/** A node that is told when the test says so. */
class SlowNode {
  readonly why = undefined;
  readonly place: NodePlace;
  countedUnder: LoadBalancerPlan | undefined;
  outstanding = 0;
  applied = 0;
  #telling = Promise.withResolvers<void>();

  constructor(place: NodePlace) {
    this.place = place;
  }

  observation(): Observation {
    return { health: { state: 'healthy' }, outstanding: this.outstanding };
  }

  async apply({ plan: told }: WantedNode): Promise<void> {
    this.countedUnder = undefined;
    this.#telling = Promise.withResolvers();
    this.applied += 1;
    await this.#telling.promise;
    this.looks = () => {
      this.countedUnder = told;
      this.place.observed();
    };
  }

  told(): void {
    this.#telling.resolve();
  }

  looks = (): void => this.place.observed();

  async remove(): Promise<void> {}
  async [Symbol.asyncDispose](): Promise<void> {}
}

describe('a load balancer of several nodes', () => {
  let directory: string;
  let nodes: SlowNode[];
  let reports: TargetReport[];
  let balancer: BalancerOfNodes;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'catamaran-balancer-'));
    nodes = [];
    reports = [];
    balancer = new BalancerOfNodes('b', {
      openNode: (place) => {
        const node = new SlowNode(place);
        nodes.push(node);
        return node;
      },
      certificate: () => Promise.reject(new Error('none')),
      guard: () => Promise.reject(new Error('none')),
      reports: {
        targets: (_arn, news) => void reports.push(...news),
        nodes: () => {},
        traffic: () => {},
        logged: () => {},
      },
      ...{ directory, random: seededRandom(1) },
    });
  });
  afterEach(async () => {
    await balancer[Symbol.asyncDispose]();
    rmSync(directory, { recursive: true, force: true });
  });

  it('counts what a draining target has to answer when each node has been told that it drains', async () => {
    const places = ['eni-1', 'eni-2'].map((interfaceId) => ({
      ...{ interfaceId, address: '10.0.0.9', availabilityZone: 'us-east-1a' },
    }));
    const planOf = (isDraining: boolean) =>
      planned({
        ...{
          nodes: places,
          listeners: [],
          targetGroups: [group('one', { targets: [target('10.0.0.1', { isDraining })] })],
        },
      });
    const applied = (times: number) =>
      expect.poll(() => nodes.map((node) => node.applied)).toEqual([times, times]);
    const begun = balancer.apply(planOf(false));
    await applied(1);
    for (const node of nodes) node.told();
    await begun;
    expect(reports).toMatchObject([{ outstanding: 0 }]);

    const draining = balancer.apply(planOf(true));
    await applied(2);
    const [first, second] = nodes;
    // The second one has not heard of it, and may send it another request.
    first?.told();
    first?.looks();
    second?.looks();
    expect(reports).toHaveLength(1);
    second?.told();
    await draining;
    first?.looks();
    if (second) second.outstanding = 1;
    second?.looks();
    expect(reports.at(-1)).toMatchObject({ outstanding: 1 });
    if (second) second.outstanding = 0;
    second?.looks();
    expect(reports.slice(1)).toMatchObject([{ outstanding: 1 }, { outstanding: 0 }]);
  });
});
