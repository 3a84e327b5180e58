import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/setup/longest-first.ts';
import { canHaveOwnMachine } from './test/setup/own-machine.ts';
import { ownMachines } from './test/setup/own-machines.ts';

/** One machine for each file, if there can be; otherwise files run one after the other on what there is. */
const onOwnMachines = (maxWorkers: number) =>
  canHaveOwnMachine() ? { pool: ownMachines(), maxWorkers } : { fileParallelism: false };

const endToEnd = { testTimeout: 120_000, hookTimeout: 180_000, expect: { poll: { timeout: 100_000 } } };

export default defineConfig({
  test: {
    // Vitest keeps one processor for itself; there is little that it does while tests run.
    maxWorkers: availableParallelism(),
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'test/*.test.ts', 'test/{sim,system}/**/*.test.ts'],
          setupFiles: ['test/setup/property-seeds.ts', 'test/setup/patience.ts'],
          // Modules hold no state here, so one worker's files share them: reading them took longer than most tests.
          isolate: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          expect: { poll: { timeout: 50_000 } },
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/*.test.ts'],
          // Each file wants an Engine and the ports for itself. Many wait for much of their time, for containers,
          // probes and periods: one more runs meanwhile.
          ...onOwnMachines(availableParallelism() + 1),
          // Vitest wants projects with other numbers of workers one after the other.
          sequence: { groupOrder: 1 },
          globalSetup: ['test/setup/fetch-clients.ts'],
          ...endToEnd,
        },
      },
      {
        test: {
          // What counts requests that took too long says nothing beside two other files that start containers.
          name: 'e2e-alone',
          include: ['test/e2e/alone/*.test.ts'],
          ...onOwnMachines(1),
          sequence: { groupOrder: 2 },
          ...endToEnd,
        },
      },
    ],
  },
});
