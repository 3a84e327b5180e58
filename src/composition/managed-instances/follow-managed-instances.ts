import type { Clock } from '../../clock/index.ts';
import type { Log } from '../../log.ts';
import type { Machine } from '../../node/index.ts';
import type { RecordKey, State } from '../../reconcile/index.ts';
import {
  type ManagedInstanceReportRecord,
  managedInstanceIdOf,
  managedInstanceReportOf,
  managedInstanceReports,
  managedInstances,
} from '../../services/ecs/index.ts';
import { followKeys } from '../follow-keys.ts';

export interface ManagedInstanceParts {
  readonly state: State;
  readonly machine: Pick<Machine, 'endManaged' | 'managed' | 'reserveManaged' | 'startManaged'>;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * The Managed Instances of this machine: it takes the share of each out of the machine, runs its agent once EC2 has launched
 * it, and tells how far it has come. When the following ends the machine ends the agents, and containers keep running.
 */
export function followManagedInstances(parts: ManagedInstanceParts): AsyncDisposable {
  const { state, machine, clock, log } = parts;
  const make = async (workKey: string): Promise<void> => {
    const key = workKey as RecordKey;
    const instance = state.get(managedInstances, key);
    const id = managedInstanceIdOf(key);
    if (instance === undefined || instance.isEnding) {
      await machine.endManaged(id);
      if (instance !== undefined) await report(parts, key, { status: 'ended' });
      return;
    }
    const { cluster, share: size, storageSizeGiB: storageGiB, availabilityZone, launchedAt } = instance;
    const reserved = await machine.reserveManaged({
      ...{ id, cluster, size },
      ...(storageGiB !== undefined && { storageGiB }),
    });
    if (launchedAt === undefined) {
      await report(
        parts,
        key,
        'refusal' in reserved
          ? { status: 'no-room', message: reserved.refusal }
          : { status: 'reserved', address: reserved.address },
      );
      return;
    }
    // Its share was remembered, and is lost.
    if ('refusal' in reserved) throw new Error(reserved.refusal);
    await machine.startManaged(id, availabilityZone);
    await report(parts, key, { status: 'running', address: reserved.address });
  };
  const following = followKeys(
    {
      keys: () => [...state.list(managedInstances)].map(({ key }) => key),
      subscribe: (changed) => state.subscribe(managedInstances, ({ key }) => changed(key)),
    },
    make,
    (key, error) =>
      log.warn('A Managed Instance could not be brought where it is wanted: it is tried again', {
        ...{ instance: managedInstanceIdOf(key as RecordKey), error },
      }),
    clock,
  );
  // What ended while nobody looked.
  const known = new Set([...state.list(managedInstances)].map(({ value }) => value.instanceId));
  const orphans = machine.managed().filter((id) => !known.has(id));
  const cleared = Promise.all(
    orphans.map((id) =>
      machine
        .endManaged(id)
        .catch((error: unknown) =>
          log.error('What a Managed Instance left behind could not be removed', { instance: id, error }),
        ),
    ),
  );
  return {
    [Symbol.asyncDispose]: async () => {
      await following[Symbol.asyncDispose]();
      await cleared;
    },
  };
}

/** Nothing is said of an instance that ECS has forgotten. */
async function report(
  { state, clock }: ManagedInstanceParts,
  key: RecordKey,
  said: Pick<ManagedInstanceReportRecord, 'address' | 'message' | 'status'>,
): Promise<void> {
  await state.transact((tx) => {
    const instance = tx.get(managedInstances, key);
    if (instance === undefined) return;
    const reportKey = managedInstanceReportOf(key);
    const before = tx.get(managedInstanceReports, reportKey);
    if (before?.status === said.status && before.message === said.message) return;
    tx.put(managedInstanceReports, reportKey, {
      ...{ capacityProvider: instance.capacityProvider, ...said, at: clock.now() },
    });
  });
}
