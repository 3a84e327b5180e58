import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { exitCodeOfSignal } from '../child.ts';
import type { CommandContext } from '../command-context.ts';
import { checkout } from '../test/checks.ts';

export interface TestSimOptions {
  readonly seed?: number;
  readonly instances?: number;
  readonly steps?: number;
  readonly minutes?: number;
  /** Numbers of steps, with commas between them. */
  readonly without?: string;
  readonly hours?: number;
  readonly trace?: boolean;
  readonly minimize?: boolean;
}

/** Runs the deterministic simulation, `test/sim/main.ts`, as a program of its own. @returns its exit code. */
export function testSim(options: TestSimOptions, { signal }: CommandContext): Promise<number> {
  const args = Object.entries(options).flatMap(([name, value]) => {
    if (value === undefined || value === false) return [];
    return value === true ? [`--${name}`] : [`--${name}`, String(value)];
  });
  return new Promise((resolve, reject) => {
    const program = join(checkout, 'test/sim/main.ts');
    const child = spawn(process.execPath, [...process.execArgv, program, ...args], { stdio: 'inherit' });
    signal.addEventListener('abort', () => child.kill('SIGTERM'), { once: true });
    child.on('error', reject);
    child.on('close', (code, signalName) => resolve(code ?? exitCodeOfSignal(signalName)));
  });
}
