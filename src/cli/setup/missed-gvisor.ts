import { statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../clock/index.ts';

/**
 * A machine without a way to gVisor's package must not look for it at every start: once a day is enough. The file
 * of the note can go at any time.
 */
const path = join(tmpdir(), 'catamaran-no-gvisor');
const dayMs = 24 * 3_600_000;

export function wasMissedLately(clock: Clock): boolean {
  try {
    return clock.now() - statSync(path).mtimeMs < dayMs;
  } catch {
    return false;
  }
}

export function noteMissed(): void {
  try {
    writeFileSync(path, '');
  } catch {
    // Then it is looked for again.
  }
}
