import type { Clock } from '../../clock/index.ts';
import type { Log } from '../../log.ts';
import type { VpcNetwork } from '../../network/index.ts';
import type { VpcTopology } from '../../topology/index.ts';

/** EC2's side: what VPCs there are, and which of them a commit may have changed. */
export interface VpcSource {
  /** All of them, by the keys of their records. */
  vpcKeys(): readonly string[];
  /** Undefined: there is no such VPC any more. */
  topologyOf(vpcKey: string): VpcTopology | undefined;
  /** Told of every commit that may have changed a VPC. */
  subscribe(changed: (vpcKey: string) => void): Disposable;
}

/** What answers within VPCs, such as their resolvers. Disposed of, it answers in none. */
export interface VpcTenant extends AsyncDisposable {
  /** Called once a VPC is on the machine, and after every change of it. */
  settle(vpc: VpcTopology, vpcKey: string): Promise<void>;
  /** The VPC is gone. */
  leave(vpcId: string): Promise<void>;
}

export interface FollowOptions {
  readonly source: VpcSource;
  readonly network: Pick<VpcNetwork, 'apply' | 'remove'>;
  readonly machineId: string;
  readonly tenants: readonly VpcTenant[];
  readonly clock: Clock;
  readonly log: Log;
}

const retryMs = 1_000;

/**
 * Keeps the VPCs of this machine as EC2 describes them, from now on. A VPC comes to the machine with its first network
 * interface there: one that nobody uses on it costs nothing. Changes that come while one is being made are made together, so that a
 * burst of them costs as much as the last.
 */
export function followVpcs(options: FollowOptions): AsyncDisposable {
  const follower = new Follower(options);
  return { [Symbol.asyncDispose]: () => follower.close() };
}

class Follower {
  readonly #options: FollowOptions;
  readonly #subscription: Disposable;
  readonly #closing = new AbortController();
  /** Keys of VPCs that may differ from what is on the machine. */
  readonly #changed = new Set<string>();
  /** Ids of what is on the machine, by key. */
  readonly #onMachine = new Map<string, string>();
  #working: Promise<void> | undefined;

  constructor(options: FollowOptions) {
    this.#options = options;
    this.#subscription = options.source.subscribe((vpcKey) => this.#note(vpcKey));
    for (const vpcKey of options.source.vpcKeys()) this.#note(vpcKey);
  }

  async close(): Promise<void> {
    this.#subscription[Symbol.dispose]();
    this.#closing.abort(new Error('The machine’s VPCs are not followed any more'));
    await this.#working;
  }

  #note(vpcKey: string): void {
    this.#changed.add(vpcKey);
    this.#working ??= this.#work();
  }

  async #work(): Promise<void> {
    const { signal } = this.#closing;
    // Not within the commit that told of it.
    await Promise.resolve();
    for (const vpcKey of this.#changed) {
      if (signal.aborted) break;
      this.#changed.delete(vpcKey);
      try {
        await this.#make(vpcKey);
      } catch (error) {
        this.#options.log.error('A VPC cannot be made so on this machine: it is tried again', {
          vpcKey,
          error,
        });
        this.#options.clock.after(retryMs, () => !signal.aborted && this.#note(vpcKey));
      }
    }
    // In the same turn as the loop's end: what is noted later begins anew.
    this.#working = undefined;
  }

  async #make(vpcKey: string): Promise<void> {
    const { source, network, machineId, tenants } = this.#options;
    const vpc = source.topologyOf(vpcKey);
    const known = this.#onMachine.get(vpcKey);
    if (vpc === undefined) {
      if (known === undefined) return;
      for (const tenant of tenants) await tenant.leave(known);
      await network.remove(known);
      this.#onMachine.delete(vpcKey);
      return;
    }
    if (known === undefined && !vpc.interfaces.some((each) => each.machineId === machineId)) return;
    await network.apply(vpc);
    this.#onMachine.set(vpcKey, vpc.id);
    for (const tenant of tenants) await tenant.settle(vpc, vpcKey);
  }
}
