import type { Random } from '../../src/clock/index.ts';
import type { RecordKey, Transaction } from '../../src/reconcile/index.ts';
import type { TaskRecord } from '../../src/services/ecs/records.ts';
import { seeTarget } from '../../src/services/ecs/testing/target-group.ts';
import { type TargetRecord, targets } from '../../src/services/elbv2/records.ts';
import type { SimMachine } from './machine.ts';
import type { Plane } from './plane.ts';
import { arnOfKey, type Records } from './records.ts';
import { account } from './requests.ts';

export interface BalancerOptions {
  readonly random: Random;
  readonly records: Records;
  readonly plane: Plane;
  readonly machines: () => readonly SimMachine[];
  /** Whether it finds something wrong where nothing is. */
  readonly errs: () => boolean;
}

type Sight = 'healthy' | 'unhealthy' | 'drained';

/** The data plane of load balancers: it looks at the targets that there are, and tells what it finds. */
export class Balancer {
  readonly #options: BalancerOptions;

  constructor(options: BalancerOptions) {
    this.#options = options;
  }

  /** Of some of its targets: others it gets to later. */
  async look(): Promise<void> {
    const { random, records, plane } = this.#options;
    const found = [...records.targets]
      .filter(() => random.float() < 0.5)
      .map(([key, target]) => ({ key: key as RecordKey, sight: this.#sightOf(target) }));
    if (found.length === 0 || plane.state === undefined) return;
    // With the control plane, what was told last may be gone.
    await plane.state.transact((tx) => tell(tx, found)).catch(() => {});
  }

  #sightOf(target: TargetRecord): Sight {
    if (target.drainsUntil !== undefined) return 'drained';
    return this.#answers(target) && !this.#options.errs() ? 'healthy' : 'unhealthy';
  }

  #answers({ id }: TargetRecord): boolean {
    const { records, machines } = this.#options;
    const has = ({ networkInterface, lastStatus }: TaskRecord): boolean =>
      networkInterface?.privateIpv4Address === id && lastStatus !== 'STOPPED';
    const owner = [...records.tasks].find(([, task]) => has(task));
    if (owner === undefined) return false;
    const arn = arnOfKey(owner[0]);
    return machines().some((machine) => machine.runningTasks().includes(arn));
  }
}

function tell(tx: Transaction, found: readonly { readonly key: RecordKey; readonly sight: Sight }[]): void {
  for (const { key, sight } of found) {
    const target = tx.get(targets, key);
    if (target === undefined || (target.drainsUntil !== undefined) !== (sight === 'drained')) continue;
    seeTarget(
      ...([tx, account, target] as const),
      sight === 'unhealthy' ? { state: sight, cause: 'timeout' } : { state: sight },
    );
  }
}
