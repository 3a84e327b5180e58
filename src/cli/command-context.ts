import type { Composition } from './composition.ts';
import type { Terminal } from './terminal.ts';

/** What every command is given besides its options. */
export interface CommandContext {
  readonly composition: Composition;
  readonly terminal: Terminal;
  /** Aborts when the person interrupts. */
  readonly signal: AbortSignal;
}
