import { isObject, readJsonFile, writePrivateFile } from './private-file.ts';
import { stateLayout } from './state-directory.ts';

/** What makes this computer a machine of an installation elsewhere: as whom it speaks, and to whom. */
export interface MembershipFile {
  /** Of the control plane, e.g. `http://192.0.2.1:4566`. */
  readonly endpoint: string;
  readonly region: string;
  readonly accountId: string;
  readonly machineId: string;
  /** The control plane's machine. */
  readonly homeMachineId: string;
  /** The machine's own key. */
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** The cluster that its container instance is in. */
  readonly cluster: string;
  /** IPv4, where the other machines reach it. Absent: the address from which it reaches the control plane. */
  readonly address?: string;
}

const required = [
  'endpoint',
  'region',
  'accountId',
  'machineId',
  'homeMachineId',
  'accessKeyId',
  'secretAccessKey',
  'cluster',
] as const satisfies readonly (keyof MembershipFile)[];

/** Undefined: it has not joined. @throws the file can't be read or is damaged. */
export function readMembership(stateDirectory: string): MembershipFile | undefined {
  const path = stateLayout(stateDirectory).membership;
  const value = readJsonFile(path);
  if (value === undefined) return undefined;
  if (!isMembership(value)) throw new Error(`Cannot use ${path}: ${required.join(', ')} are expected`);
  return value;
}

/** Mode 0600. */
export function writeMembership(stateDirectory: string, membership: MembershipFile): void {
  writePrivateFile(stateLayout(stateDirectory).membership, `${JSON.stringify(membership, undefined, 2)}\n`);
}

function isMembership(value: unknown): value is MembershipFile {
  return isObject(value) && required.every((member) => typeof value[member] === 'string');
}
