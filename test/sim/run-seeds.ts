import { type PlanSizes, planOf } from './plan.ts';
import type { PlantedBug } from './planted-bugs.ts';
import { type SimulationFailure, simulate } from './simulation.ts';

/** A seed that broke a rule, and how to see it again. */
export class SeedFailedError extends Error {
  override readonly name = 'SeedFailedError';
  readonly failure: SimulationFailure;

  constructor(seed: number, sizes: PlanSizes, failure: SimulationFailure) {
    const at = `after ${(failure.atMs / 1000).toFixed(3)} s of its time`;
    super(
      `Seed ${seed} failed ${at}.\n${failure.message}\nReplay it: ${replayCommand(seed, sizes)}\n${failure.trace.join('\n')}`,
    );
    this.failure = failure;
  }
}

export function replayCommand(seed: number, { instances, steps, minutes, without }: PlanSizes): string {
  return [
    `./catamaran test sim --seed ${seed}`,
    instances === undefined ? '' : `--instances ${instances}`,
    steps === undefined ? '' : `--steps ${steps}`,
    minutes === undefined ? '' : `--minutes ${minutes}`,
    without?.size ? `--without ${[...without].join(',')}` : '',
    '--trace',
  ]
    .filter((part) => part !== '')
    .join(' ');
}

/** @returns the run's hash. @throws {SeedFailedError} */
export async function runSeed(seed: number, sizes: PlanSizes = {}, bug?: PlantedBug): Promise<string> {
  const { hash, failure } = await simulate({ plan: planOf(seed, sizes), ...(bug && { bug }) });
  if (failure !== undefined) throw new SeedFailedError(seed, sizes, failure);
  return hash;
}

/** @throws {SeedFailedError} for the first seed that fails. */
export async function runSeeds(from: number, count: number, sizes: PlanSizes = {}): Promise<void> {
  for (let seed = from; seed < from + count; seed += 1) await runSeed(seed, sizes);
}
