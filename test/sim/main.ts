import { parseArgs } from 'node:util';
import { systemRandom } from '../../src/clock/index.ts';
import { type PlanSizes, planOf } from './plan.ts';
import { replayCommand } from './run-seeds.ts';
import { type Outcome, simulate } from './simulation.ts';

/**
 * The simulation by hand, behind `./catamaran test sim`: replays one seed, or goes on with new ones for hours. Says
 * of every failure how to see it again; the exit code says whether there was one.
 */
const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    instances: { type: 'string' },
    steps: { type: 'string' },
    minutes: { type: 'string' },
    without: { type: 'string' },
    hours: { type: 'string' },
    trace: { type: 'boolean', default: false },
    minimize: { type: 'boolean', default: false },
  },
});
const numberOf = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : Number(text);
const [instances, steps] = [numberOf(values.instances), numberOf(values.steps)];
const minutes = numberOf(values.minutes);
const without = new Set((values.without ?? '').split(',').filter(Boolean).map(Number));
const sizes: PlanSizes = {
  ...(instances !== undefined && { instances }),
  ...(steps !== undefined && { steps }),
  ...(minutes !== undefined && { minutes }),
  without,
};
const say = (line: string): void => void process.stdout.write(`${line}\n`);

process.exitCode = values.hours === undefined ? await replay() : await runOn(Number(values.hours));

async function replay(): Promise<number> {
  const seed = numberOf(values.seed) ?? systemRandom().integer(2 ** 31);
  const outcome = await run(seed, sizes, values.trace ? say : undefined);
  tell(seed, sizes, outcome);
  if (outcome.failure === undefined) return 0;
  if (values.minimize) await minimize(seed, outcome.failure.rule);
  return 1;
}

/** New seeds until the time is over; a failure is told and does not end it. */
async function runOn(hours: number): Promise<number> {
  const began = performance.now();
  const untilMs = began + hours * 3_600_000;
  const first = numberOf(values.seed) ?? systemRandom().integer(2 ** 31);
  let seed = first;
  let failures = 0;
  let virtualMs = 0;
  let toldAtMs = began;
  for (; performance.now() < untilMs; seed += 1) {
    const outcome = await run(seed, sizes);
    virtualMs += outcome.virtualMs;
    if (outcome.failure !== undefined) {
      failures += 1;
      tell(seed, sizes, outcome);
    }
    if (performance.now() - toldAtMs > 10_000) {
      toldAtMs = performance.now();
      const minutes = Math.round((toldAtMs - began) / 60_000);
      say(
        `${minutes} min: ${seed - first + 1} seeds from ${first}, ${(virtualMs / 3_600_000).toFixed(1)} h of their time, ${failures} failed`,
      );
    }
  }
  say(`${seed - first} seeds from ${first}: ${failures} failed`);
  return failures === 0 ? 0 : 1;
}

/** Leaves out step after step, as long as the same rule is broken without them. */
async function minimize(seed: number, rule: string): Promise<void> {
  const left = new Set(without);
  for (const { number } of planOf(seed, sizes).steps) {
    const fewer = { ...sizes, without: new Set([...left, number]) };
    if ((await run(seed, fewer)).failure?.rule === rule) left.add(number);
  }
  const minimal = { ...sizes, without: left };
  const kept = planOf(seed, minimal).steps.map(({ number, type }) => `${number} ${type}`);
  say(`The same rule is broken by ${kept.length} steps: ${kept.join(', ')}`);
  say(`  ${replayCommand(seed, minimal)}`);
}

function run(seed: number, plan: PlanSizes, print?: (line: string) => void): Promise<Outcome> {
  return simulate({ plan: planOf(seed, plan), ...(print && { print }) });
}

function tell(seed: number, plan: PlanSizes, { hash, virtualMs, commits, failure }: Outcome): void {
  const length = `${(virtualMs / 1000).toFixed(0)} s of its time, ${commits} commits, trace ${hash}`;
  if (failure === undefined) say(`Seed ${seed} passed: ${length}`);
  else
    say(
      `Seed ${seed} FAILED after ${(failure.atMs / 1000).toFixed(3)} s: ${length}\n${failure.message}\nReplay it: ${replayCommand(seed, plan)}`,
    );
}
