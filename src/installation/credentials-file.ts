import { isObject, readJsonFile, writePrivateFile } from './private-file.ts';
import { stateLayout } from './state-directory.ts';

/** The root user's key pair, made at first start, with the account and region that it signs for. */
export interface RootCredentials {
  readonly accountId: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** Undefined when the installation has no key yet. @throws the file can't be read or is damaged. */
export function readCredentials(stateDirectory: string): RootCredentials | undefined {
  const path = stateLayout(stateDirectory).credentials;
  const value = readJsonFile(path);
  if (value === undefined) return undefined;
  if (!isRootCredentials(value)) {
    throw new Error(`Cannot use ${path}: accountId, region, accessKeyId and secretAccessKey are expected`);
  }
  return value;
}

/** Mode 0600. */
export function writeCredentials(stateDirectory: string, credentials: RootCredentials): void {
  writePrivateFile(stateLayout(stateDirectory).credentials, `${JSON.stringify(credentials, undefined, 2)}\n`);
}

function isRootCredentials(value: unknown): value is RootCredentials {
  if (!isObject(value)) return false;
  const members: readonly (keyof RootCredentials)[] = [
    'accountId',
    'region',
    'accessKeyId',
    'secretAccessKey',
  ];
  return members.every((member) => typeof value[member] === 'string' && value[member] !== '');
}
