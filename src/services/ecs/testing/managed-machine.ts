import {
  done,
  type Reconciler,
  type RecordKey,
  type Transaction,
  watching,
} from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import type { EcsContext } from '../context.ts';
import { instanceKey } from '../end-instance.ts';
import { registerContainerInstance } from '../operations/container-instance.ts';
import {
  containerInstances,
  type ManagedInstanceReportRecord,
  managedInstanceIdOf,
  managedInstanceReportOf,
  managedInstanceReports,
  managedInstances,
} from '../records.ts';

/** A machine with so much room for Managed Instances, whose agents register and are connected at once. */
export class ManagedMachine {
  readonly shares = new Map<string, { readonly cpu: number; readonly memoryMiB: number }>();
  readonly #ecs: EcsContext;
  readonly #call: Call;
  readonly #size: { readonly cpu: number; readonly memoryMiB: number };

  constructor(ecs: EcsContext, call: Call, size: { readonly cpu: number; readonly memoryMiB: number }) {
    this.#ecs = ecs;
    this.#call = call;
    this.#size = size;
  }

  reconciler(): Reconciler {
    return {
      name: 'managed-machine',
      watches: [watching(managedInstances, ({ key }) => [key])],
      reconcile: async (key) => {
        await this.#follow(key as RecordKey);
        return done;
      },
    };
  }

  /** What no instance has. */
  free(): { readonly cpu: number; readonly memoryMiB: number } {
    let { cpu, memoryMiB } = this.#size;
    for (const share of this.shares.values()) {
      cpu -= share.cpu;
      memoryMiB -= share.memoryMiB;
    }
    return { cpu, memoryMiB };
  }

  async #follow(key: RecordKey): Promise<void> {
    const instance = this.#ecs.state.get(managedInstances, key);
    const id = managedInstanceIdOf(key);
    if (instance === undefined || instance.isEnding) {
      this.shares.delete(id);
      if (instance !== undefined) await this.#report(key, { status: 'ended' });
      return;
    }
    const { share, launchedAt } = instance;
    if (!this.shares.has(id)) {
      const free = this.free();
      if (share.cpu > free.cpu || share.memoryMiB > free.memoryMiB)
        return this.#report(key, { status: 'no-room', message: 'There is not that much' });
      this.shares.set(id, share);
    }
    if (launchedAt === undefined) return this.#report(key, { status: 'reserved', address: '127.0.0.9' });
    const { accountId, region } = this.#call;
    const within = `${accountId}/${region}/${id}`;
    if (this.#ecs.state.countByIndex(containerInstances, 'byManagedInstance', within) > 0) return;
    const { containerInstance } = await registerContainerInstance(
      this.#ecs,
      {
        cluster: instance.cluster,
        totalResources: [
          { name: 'CPU', type: 'INTEGER', integerValue: share.cpu },
          { name: 'MEMORY', type: 'INTEGER', integerValue: share.memoryMiB },
        ],
        attributes: agentAttributes.map((name) => ({ name })),
        instanceIdentityDocument: JSON.stringify({ instanceId: id, privateIp: '127.0.0.9' }),
      },
      this.#call,
    );
    const arn = containerInstance?.containerInstanceArn;
    await this.#ecs.state.transact((tx) => connect(tx, this.#call, instance.cluster, arn));
    await this.#report(key, { status: 'running', address: '127.0.0.9' });
  }

  async #report(key: RecordKey, said: Pick<ManagedInstanceReportRecord, 'address' | 'message' | 'status'>) {
    await this.#ecs.state.transact((tx) => {
      const instance = tx.get(managedInstances, key);
      if (instance === undefined) return;
      const { capacityProvider } = instance;
      tx.put(managedInstanceReports, managedInstanceReportOf(key), {
        ...{ capacityProvider, ...said, at: this.#ecs.clock.now() },
      });
    });
  }
}

/** What its agents offer, as far as tests ask for it. */
export const agentAttributes = ['ecs.capability.task-eni', 'com.amazonaws.ecs.capability.task-iam-role'];

function connect(tx: Transaction, call: Call, cluster: string, arn: string | undefined): void {
  const key = instanceKey(call, cluster, arn?.split('/').at(-1) ?? '');
  const registered = tx.get(containerInstances, key);
  if (registered)
    tx.put(containerInstances, key, { ...registered, agentConnected: true, connectedAt: call.now });
}
