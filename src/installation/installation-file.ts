import { isObject, readJsonFile, writePrivateFile } from './private-file.ts';
import { stateLayout } from './state-directory.ts';

/** What an installation is for ever, made at first start. */
export interface InstallationFile {
  /** 12 hex digits; on the label of everything that the installation makes on the Engine. */
  readonly id: string;
  /** The plain private network of awsvpc tasks, e.g. `10.231.0.0/16`. */
  readonly privateCidr: string;
}

/** Undefined before the first start. @throws the file can't be read or is damaged. */
export function readInstallation(stateDirectory: string): InstallationFile | undefined {
  const path = stateLayout(stateDirectory).installation;
  const value = readJsonFile(path);
  if (value === undefined) return undefined;
  if (!isObject(value) || typeof value.id !== 'string' || typeof value.privateCidr !== 'string') {
    throw new Error(`Cannot use ${path}: id and privateCidr are expected`);
  }
  return { id: value.id, privateCidr: value.privateCidr };
}

export function writeInstallation(stateDirectory: string, installation: InstallationFile): void {
  writePrivateFile(
    stateLayout(stateDirectory).installation,
    `${JSON.stringify(installation, undefined, 2)}\n`,
  );
}
