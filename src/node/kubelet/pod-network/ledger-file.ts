import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { readIfThere, replaceFile } from '../whole-file.ts';
import type { Ledger } from './plan.ts';

const fileName = 'pod-addresses.json';
const empty: Ledger = { pods: {}, hostPorts: {}, own: {}, released: {} };

/** Which pod has which address, on disk: written before a pod is told of it. */
export interface LedgerFile {
  now(): Ledger;
  /** Whole or not at all. @throws {Error} it can't be written. */
  write(ledger: Ledger): void;
}

/** @throws {Error} there is one that can't be read. */
export function openLedgerFile(directory: string): LedgerFile {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, fileName);
  let current = read(path);
  return {
    now: () => current,
    write: (ledger) => {
      replaceFile(path, `${JSON.stringify(ledger)}\n`);
      current = ledger;
    },
  };
}

function read(path: string): Ledger {
  let text: string | undefined;
  try {
    text = readIfThere(path);
  } catch (cause) {
    throw new Error(`The addresses of this node’s pods cannot be read from ${path}`, { cause });
  }
  if (text === undefined) return empty;
  try {
    const { pods, hostPorts, own, released } = JSON.parse(text) as Partial<Ledger>;
    return { pods: { ...pods }, hostPorts: { ...hostPorts }, own: { ...own }, released: { ...released } };
  } catch (cause) {
    throw new Error(
      `${path} is no list of addresses: stop the node’s pods and delete the file to begin anew`,
      { cause },
    );
  }
}
