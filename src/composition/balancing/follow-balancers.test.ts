import { describe, expect, it } from 'vitest';
import type { LoadBalancerPlan, NodeReport } from '../../balancing/index.ts';
import { VirtualClock } from '../../clock/index.ts';
import { recordingLog } from '../../log.ts';
import { type BalancerSource, followBalancers } from './follow-balancers.ts';

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Load balancers as a test says, and what was asked of the machine. */
class World implements BalancerSource {
  readonly clock = new VirtualClock(0);
  readonly log = recordingLog();
  readonly plans = new Map<string, LoadBalancerPlan>();
  readonly done: string[] = [];
  readonly reported: (readonly NodeReport[])[] = [];
  failure: string | undefined;
  renew: (arn: string) => void = () => {};
  #tell: ((key: string) => void) | undefined;

  keys = () => [...this.plans.keys()];
  planOf = (key: string) => this.plans.get(key);
  subscribe(tell: (key: string) => void): Disposable {
    this.#tell = tell;
    return { [Symbol.dispose]: () => (this.#tell = undefined) };
  }

  put(key: string, plan: LoadBalancerPlan | undefined): void {
    if (plan === undefined) this.plans.delete(key);
    else this.plans.set(key, plan);
    this.#tell?.(key);
  }

  follow(): AsyncDisposable {
    return followBalancers({
      source: this,
      certificates: {
        onCertificatesChanged: (changed) => {
          this.renew = changed;
          return { [Symbol.dispose]: () => {} };
        },
      },
      balancers: {
        apply: async ({ id }) => {
          if (this.failure !== undefined) throw new Error(this.failure);
          this.done.push(`apply ${id}`);
        },
        remove: async (id) => void this.done.push(`remove ${id}`),
      },
      reports: { nodes: (_, reports) => void this.reported.push(reports) },
      clock: this.clock,
      log: this.log,
    });
  }
}

const planOf = (id: string, listeners: LoadBalancerPlan['listeners'] = []): LoadBalancerPlan => ({
  ...{ id, arn: `arn of ${id}`, type: 'application', vpcId: 'vpc-1', listeners, targetGroups: [] },
  nodes: [{ interfaceId: 'eni-1', address: '10.0.1.5', availabilityZone: 'a' }],
  attributes: {
    ...{ idleTimeout: 60, clientKeepAlive: 3600, http2: true, dropInvalidHeaderFields: false },
    ...{ preserveHostHeader: false, xffClientPort: false, xffHeaderProcessing: 'append' },
    ...{ tlsHeaders: false, crossZone: true, isLogged: false },
  },
});

describe('the load balancers of a machine', () => {
  it('are made as planned, once for each plan, and go with their record', async () => {
    const world = new World();
    world.put('a', planOf('a'));
    await using _following = world.follow();
    await settled();
    world.put('a', world.planOf('a'));
    world.put('b', planOf('b'));
    await settled();
    world.put('a', undefined);
    world.put('c', undefined);
    await settled();
    expect(world.done).toEqual(['apply a', 'apply b', 'remove a']);
  });

  it('are made again with another certificate of theirs', async () => {
    const world = new World();
    const secure = { arn: '', id: '1', port: 443, protocol: 'HTTPS', rules: [] } as const;
    world.put('a', planOf('a', [{ ...secure, certificateArns: ['one', 'two'] }]));
    world.put('b', planOf('b'));
    await using _following = world.follow();
    await settled();
    world.renew('two');
    world.renew('three');
    await settled();
    expect(world.done).toEqual(['apply a', 'apply b', 'apply a']);
  });

  it('say why they carry no traffic yet, and are tried again', async () => {
    const world = new World();
    world.failure = 'no';
    world.put('a', planOf('a'));
    await using _following = world.follow();
    await settled();
    expect(world.reported).toEqual([[{ interfaceId: 'eni-1', isUp: false, why: 'no' }]]);
    world.failure = undefined;
    await world.clock.advance(1_000);
    await settled();
    expect(world.done).toEqual(['apply a']);
    // One that carries traffic is not said to be down for a plan that can't be carried out.
    world.failure = 'not that';
    world.put('a', planOf('a'));
    await settled();
    expect(world.reported).toHaveLength(1);
    expect(world.log.lines).toHaveLength(2);
  });
});
