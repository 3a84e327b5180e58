import type { Clock } from '../../clock/index.ts';
import type { Log } from '../../log.ts';
import { machines as machineRecords, networkedMachines } from '../../machines/index.ts';
import type { LinuxNetworkOnDemand, Machines } from '../../network/index.ts';
import type { State } from '../../reconcile/index.ts';

/** The machines of the installation, as one of them sees them. */
export interface MachineSource {
  readonly ownId: string;
  /** With whom it shares VPCs; undefined: with nobody. */
  now(): Machines | undefined;
  /** Told of every commit that may have changed that. */
  subscribe(changed: () => void): Disposable;
}

export function machineSource(state: State, ownId: string): MachineSource {
  return {
    ownId,
    now: () => networkedMachines(state, ownId),
    subscribe: (changed) => state.subscribe(machineRecords, changed),
  };
}

const retryMs = 1_000;

/** Tells the network of this machine who the others are, whenever that changes. */
export function followMachines({
  machines,
  network,
  clock,
  log,
}: {
  readonly machines: MachineSource;
  readonly network: Pick<LinuxNetworkOnDemand, 'setMachines'>;
  readonly clock: Clock;
  readonly log: Log;
}): AsyncDisposable {
  let isClosed = false;
  let told = JSON.stringify(machines.now());
  let telling: Promise<void> = Promise.resolve();
  const tell = async (): Promise<void> => {
    const now = machines.now();
    const text = JSON.stringify(now);
    if (isClosed || text === told) return;
    try {
      await network.setMachines(now);
      told = text;
    } catch (error) {
      log.error('The network cannot be told of the machines: it is tried again', { error });
      clock.after(retryMs, note);
    }
  };
  const note = (): void => {
    telling = telling.then(tell);
  };
  const subscription = machines.subscribe(note);
  return {
    [Symbol.asyncDispose]: async () => {
      subscription[Symbol.dispose]();
      isClosed = true;
      await telling;
    },
  };
}
