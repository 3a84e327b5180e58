import type { Clock } from '../clock/index.ts';
import { Refusal } from '../protocols/index.ts';
import type { State } from '../reconcile/index.ts';
import { type Architecture, type MachineRecord, machineIdOf, machineKey, machines } from './records.ts';

/** The users as which machines act, kept by whoever keeps users. Every method may be called again. */
export interface MachineIdentities {
  /** A key of the user; keys that it had end. */
  issue(userName: string): Promise<{ readonly accessKeyId: string; readonly secretAccessKey: string }>;
  remove(userName: string): Promise<void>;
}

export interface MembershipContext {
  readonly state: State;
  readonly clock: Clock;
  readonly accountId: string;
  readonly identities: MachineIdentities;
}

/** A machine as it tells of itself. */
export interface MachineFacts {
  readonly name: string;
  /** IPv4, where the other machines reach it. */
  readonly address: string;
  readonly version: string;
  /** As EC2 calls it; absent: it has not said. */
  readonly architecture?: Architecture;
}

/**
 * Notes the machine of the control plane, where its address is now. While it is alone nothing needs to be noted.
 * @param facts `address` absent: it listens on loopback alone.
 */
export async function noteHome(
  { state, clock, accountId }: Pick<MembershipContext, 'state' | 'clock' | 'accountId'>,
  id: string,
  facts: Omit<MachineFacts, 'address'> & { readonly address: string | undefined },
): Promise<void> {
  const { address, ...rest } = facts;
  await state.transact((tx) => {
    const key = machineKey(accountId, id);
    const joinedAt = tx.get(machines, key)?.joinedAt ?? clock.now();
    const located = address !== undefined && { address };
    tx.put(machines, key, { id, ...rest, ...located, joinedAt, isHome: true });
  });
}

/**
 * Makes another computer a machine of the installation.
 * @param installationId Of the installation directory on it.
 * @returns what it signs with from now on.
 * @throws {Refusal} it is one already.
 */
export async function joinMachine(
  { state, clock, accountId, identities }: MembershipContext,
  installationId: string,
  facts: MachineFacts,
): Promise<{ readonly machineId: string; readonly accessKeyId: string; readonly secretAccessKey: string }> {
  const id = machineIdOf(installationId);
  const key = machineKey(accountId, id);
  const refuse = (): never => {
    throw refusal(
      `${id} is a machine of this installation already: ./catamaran machine remove ${id}, then join again`,
    );
  };
  if (state.get(machines, key) !== undefined) refuse();
  const userName = `catamaran-${id}`;
  const keys = await identities.issue(userName);
  await state.transact((tx) => {
    if (tx.get(machines, key) !== undefined) refuse();
    tx.put(machines, key, { id, ...facts, joinedAt: clock.now(), isHome: false, userName });
  });
  return { machineId: id, ...keys };
}

/** A machine is back, maybe at another address or updated. @returns undefined: it is no machine of the installation. */
export async function noteMachine(
  { state, accountId }: Pick<MembershipContext, 'state' | 'accountId'>,
  userName: string,
  facts: MachineFacts,
): Promise<MachineRecord | undefined> {
  return state.transact((tx) => {
    const found = machineOfUser(tx, userName);
    if (found === undefined) return undefined;
    const after = { ...found, ...facts };
    tx.put(machines, machineKey(accountId, found.id), after);
    return after;
  });
}

export function machineOfUser(reader: Pick<State, 'byIndex'>, userName: string): MachineRecord | undefined {
  return reader.byIndex(machines, 'userName', userName)[0]?.value;
}

/** The machine of that id or name. @throws {Refusal} there is none, or several; it is the control plane's. */
export function findMachine({ state }: Pick<MembershipContext, 'state'>, idOrName: string): MachineRecord {
  const all = [...state.list(machines)].map(({ value }) => value);
  const found = all.filter(({ id, name }) => id === idOrName || name === idOrName);
  const [machine] = found;
  if (machine === undefined)
    throw refusal(`There is no machine ${idOrName}: ./catamaran machine list shows them`);
  if (found.length > 1)
    throw refusal(`${found.length} machines are called ${idOrName}: say which by its id (m-…)`);
  if (machine.isHome)
    throw refusal(`${machine.name} is the machine of the control plane: it ends with the installation`);
  return machine;
}

/** Ends a machine's membership and its identity; again is success. */
export async function removeMachine(
  { state, accountId, identities }: MembershipContext,
  { id, userName }: MachineRecord,
): Promise<void> {
  // The user last: a machine that removes itself could not ask again.
  await state.transact((tx) => tx.delete(machines, machineKey(accountId, id)));
  if (userName !== undefined) await identities.remove(userName);
}

const refusal = (message: string): Refusal => new Refusal('InvalidRequest', message, { status: 400 });
