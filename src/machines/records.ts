import { type Collection, type RecordKey, recordKey } from '../reconcile/index.ts';

/** As EC2 calls it. */
export type Architecture = 'arm64' | 'x86_64';

/** Of this computer. */
export const ownArchitecture = (): Architecture => (process.arch === 'arm64' ? 'arm64' : 'x86_64');

/** A computer of the installation. */
export interface MachineRecord {
  /** `m-…`: follows from the id of the installation directory on it. */
  readonly id: string;
  /** Its host name, for people. */
  readonly name: string;
  /** IPv4, where the other machines reach it. Absent: they can't, for it listens on loopback alone. */
  readonly address?: string;
  /** Of Catamaran on it. */
  readonly version: string;
  /** Absent: it has not said. */
  readonly architecture?: Architecture;
  /** Epoch milliseconds. */
  readonly joinedAt: number;
  /** The control plane is on it. */
  readonly isHome: boolean;
  /** The IAM user that it acts as; the home machine acts as root. */
  readonly userName?: string;
}

/** `machine/<id>`, of the installation's first account, in no region. There are none while there is one machine. */
export const machines: Collection<MachineRecord, 'userName'> = {
  service: 'catamaran',
  noun: 'machine',
  indexes: { userName: ({ userName }) => userName },
};

export const machineKey = (accountId: string, id: string): RecordKey =>
  recordKey(machines, accountId, 'global', id);

/** @param installationId Of the installation directory on the machine. */
export const machineIdOf = (installationId: string): string => `m-${installationId}`;
