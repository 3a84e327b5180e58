import { isObject, readJsonFile, writePrivateFile } from './private-file.ts';
import { stateLayout } from './state-directory.ts';

/**
 * The key that secrets in the store are sealed with, made at first start. Whoever has the store without it can't read
 * them; whoever loses it has to make every access key anew.
 */
interface SealingKeyFile {
  /** base64. */
  readonly key: string;
}

/** Undefined before the first start. @throws the file can't be read or is damaged. */
export function readSealingKey(stateDirectory: string): Uint8Array | undefined {
  const path = stateLayout(stateDirectory).sealingKey;
  const value = readJsonFile(path);
  if (value === undefined) return undefined;
  if (!isObject(value) || typeof value.key !== 'string')
    throw new Error(`Cannot use ${path}: key is expected`);
  return Buffer.from(value.key, 'base64');
}

/** Mode 0600. */
export function writeSealingKey(stateDirectory: string, key: Uint8Array): void {
  const file: SealingKeyFile = { key: Buffer.from(key).toString('base64') };
  writePrivateFile(stateLayout(stateDirectory).sealingKey, `${JSON.stringify(file)}\n`);
}
