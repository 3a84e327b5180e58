import { closeSync, openSync, readSync } from 'node:fs';
import { programs } from './programs.ts';

/**
 * A busybox that needs no library beside it, so that it can be the only file of an image; undefined when this
 * machine has none.
 */
export function findStaticBusybox(env: Readonly<Record<string, string | undefined>>): string | undefined {
  return programs('busybox', env).find(isStaticElf);
}

const PT_DYNAMIC = 2;
const PT_INTERP = 3;

/** A 64-bit little-endian ELF file without an interpreter or dynamic section (elf(5)). */
function isStaticElf(path: string): boolean {
  const file = openSync(path, 'r');
  try {
    const head = Buffer.alloc(8192);
    const length = readSync(file, head, 0, head.length, 0);
    if (length < 64 || head.toString('latin1', 0, 4) !== '\x7fELF' || head[4] !== 2 || head[5] !== 1)
      return false;
    const tableOffset = Number(head.readBigUInt64LE(32));
    const entrySize = head.readUInt16LE(54);
    const entries = head.readUInt16LE(56);
    for (let index = 0; index < entries; index += 1) {
      const offset = tableOffset + index * entrySize;
      if (offset + 4 > length) return false;
      const type = head.readUInt32LE(offset);
      if (type === PT_INTERP || type === PT_DYNAMIC) return false;
    }
    return entries > 0;
  } finally {
    closeSync(file);
  }
}
