import type { Reader } from '../reconcile/index.ts';
import { machines, ownArchitecture } from './records.ts';

/** A machine as the others' networks reach it. */
export interface NetworkedMachine {
  readonly id: string;
  /** IPv4. */
  readonly underlayAddress: string;
}

/** With whom a machine shares VPCs; undefined: with nobody. */
export function networkedMachines(
  reader: Reader,
  ownId: string,
): { readonly own: NetworkedMachine; readonly peers: readonly NetworkedMachine[] } | undefined {
  const all = [...reader.list(machines)].flatMap(({ value: { id, address } }) =>
    address === undefined ? [] : [{ id, underlayAddress: address }],
  );
  const own = all.find(({ id }) => id === ownId);
  const peers = all.filter(({ id }) => id !== ownId);
  return own === undefined || peers.length === 0 ? undefined : { own, peers };
}

/** Names of all machines but one, by id. */
export function namesOfOthers(reader: Reader, ownId: string): ReadonlyMap<string, string> {
  return new Map(
    [...reader.list(machines)].flatMap(({ value: { id, name } }) =>
      id === ownId ? [] : [[id, name] as const],
    ),
  );
}

/**
 * The machines that have joined and can carry nodes of Kubernetes clusters now: whose images are those of the control plane's.
 * @param connected Those that follow the records.
 */
export function carriersOfNodes(
  reader: Pick<Reader, 'list'>,
  connected: Pick<ReadonlyMap<string, unknown>, 'has'>,
): readonly string[] {
  return [...reader.list(machines)].flatMap(({ value: { id, isHome, architecture } }) =>
    !isHome && connected.has(id) && architecture === ownArchitecture() ? [id] : [],
  );
}
