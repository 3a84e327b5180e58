import { isObject, readJsonFile, writePrivateFile } from './private-file.ts';
import { stateLayout } from './state-directory.ts';

/** What an installation is for ever, made at first start. */
export interface InstallationFile {
  /** 12 hex digits; on the label of everything that the installation makes on the Engine. */
  readonly id: string;
  /** Where its public addresses are taken from, e.g. `198.18.7.0/24`. */
  readonly publicCidr: string;
}

/** As it is found: earlier versions had no VPCs, and chose no public addresses. */
export type KnownInstallation = Pick<InstallationFile, 'id'> & Partial<InstallationFile>;

/** Undefined before the first start. @throws the file can't be read or is damaged. */
export function readInstallation(stateDirectory: string): KnownInstallation | undefined {
  const path = stateLayout(stateDirectory).installation;
  const value = readJsonFile(path);
  if (value === undefined) return undefined;
  if (!isObject(value) || typeof value.id !== 'string') throw new Error(`Cannot use ${path}: id is expected`);
  const { id, publicCidr } = value;
  return { id, ...(typeof publicCidr === 'string' && { publicCidr }) };
}

export function writeInstallation(stateDirectory: string, installation: InstallationFile): void {
  writePrivateFile(
    stateLayout(stateDirectory).installation,
    `${JSON.stringify(installation, undefined, 2)}\n`,
  );
}
