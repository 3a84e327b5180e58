import type { Reader, Transaction } from '../../../reconcile/index.ts';
import type { Scope } from '../arn.ts';
import {
  type NodeInstanceRecord,
  nodeInstanceKey,
  nodeInstances,
  nodeReportKey,
  nodeReports,
} from './record.ts';

/** Among the machines that have refused a node: that of the control plane, whose id no record of a node names. */
const home = 'home';

/** So often it is looked whether a machine that has yet to answer is still there. */
export const lookForMachineMs = 10_000;

/** Which machine a node is on. */
export interface Placement {
  /** Absent: the control plane's. */
  readonly machineId?: string;
}

type Placed = Pick<NodeInstanceRecord, 'drainSince' | 'isEnding' | 'machineId'>;

/**
 * Where a node is asked for: on the machine with the fewest of those that are like it, so that what one machine carries
 * is never the whole of a group; then on that with the fewest of all; in doubt on the control plane's. Nodes that are about to leave don't count. Pure.
 * @param others The machines that have joined and can be asked now.
 * @param refusedBy Machines that had no room for it.
 * @returns undefined: there is none left that could have room.
 */
export function machineFor({
  others,
  alike,
  all,
  refusedBy = [],
}: {
  readonly others: readonly string[];
  readonly alike: readonly Placed[];
  readonly all: readonly Placed[];
  readonly refusedBy?: readonly string[];
}): Placement | undefined {
  const countOf = (nodes: readonly Placed[], machine: string): number =>
    nodes.filter(
      ({ machineId = home, drainSince, isEnding }) =>
        machineId === machine && drainSince === undefined && !isEnding,
    ).length;
  const [best] = [home, ...others.toSorted()]
    .filter((machine) => !refusedBy.includes(machine))
    .map((machine) => ({ machine, alike: countOf(alike, machine), all: countOf(all, machine) }))
    .toSorted((one, other) => one.alike - other.alike || one.all - other.all);
  if (best === undefined) return undefined;
  return best.machine === home ? {} : { machineId: best.machine };
}

/** All nodes, of all clusters. */
export const allNodes = (reader: Pick<Reader, 'list'>): readonly NodeInstanceRecord[] =>
  Array.from(reader.list(nodeInstances), ({ value }) => value);

/** A machine that has joined has yet to say whether it has room for it. */
export const waitsForMachine = ({ launched, machineId }: NodeInstanceRecord): boolean =>
  launched === undefined && machineId !== undefined;

/**
 * Why a node that waits for its machine waits in vain; undefined: it doesn't. A machine that is not connected is not waited
 * for: should it have taken the node's share out already, it gives it back when it hears that the node is another's.
 */
export function refusalOf(
  { launched, isEnding, machineId }: NodeInstanceRecord,
  report: { readonly status: string; readonly message?: string } | undefined,
  others: readonly string[],
): string | undefined {
  if (launched !== undefined || isEnding) return undefined;
  if (report?.status === 'no-room') return report.message ?? '';
  if (machineId === undefined || others.includes(machineId)) return undefined;
  return `The machine ${machineId} is not connected.`;
}

/** Asks another machine for a node that its own had no room for. @returns false: none is left, and it stays where it is. */
export function askAnother(
  tx: Transaction,
  scope: Scope,
  others: readonly string[],
  instance: NodeInstanceRecord,
  alike: readonly Placed[],
): boolean {
  const { machineId = home, refusedBy: before = [], instanceId } = instance;
  const refusedBy = [...before, machineId];
  const place = machineFor({ others, alike, all: allNodes(tx), refusedBy });
  if (place === undefined) return false;
  const { machineId: _, ...rest } = instance;
  tx.put(nodeInstances, nodeInstanceKey(scope, instanceId), { ...rest, ...place, refusedBy });
  tx.delete(nodeReports, nodeReportKey(scope, instanceId));
  return true;
}

/** @param machineId Undefined: the control plane's own. */
export const isCarriedBy = (
  instance: NodeInstanceRecord | undefined,
  machineId: string | undefined,
): instance is NodeInstanceRecord => instance !== undefined && instance.machineId === machineId;
