import { runChild } from './child.ts';
import type { Composition } from './composition.ts';
import { Progress, type Step } from './progress.ts';
import { runSetup, stepsFor } from './setup/index.ts';
import { CommandError, paint, type Terminal } from './terminal.ts';
import { type Check, checkout, checks, vitestCommand } from './test/checks.ts';
import { isTestCounts, type TestCounts } from './test/vitest-reporter.ts';

export interface TestOptions {
  /** Only this part; everything when omitted. */
  readonly only?: 'checks' | 'unit' | 'e2e';
  /** Only test files whose path contains one of these. Checks are left out then. */
  readonly filters: readonly string[];
}

/**
 * Everything that says whether the product is fit: the checks of the source, the unit tests, and the
 * end-to-end tests with the real Engine. Ends with exactly `N passed, N failed, N skipped` on its last line,
 * a check counting as one test.
 * @returns the exit code.
 */
export async function test(
  options: TestOptions,
  composition: Composition,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  const { stdout } = terminal;
  const sum = { passed: 0, failed: 0, skipped: 0 };
  const failures: string[] = [];
  const wants = (part: 'checks' | 'unit' | 'e2e'): boolean =>
    options.only === undefined ? part !== 'checks' || options.filters.length === 0 : options.only === part;

  if (wants('e2e')) await runSetup(stepsFor('test', composition), composition.clock, stdout, signal);

  using progress = new Progress(stdout, composition.clock);
  const fail = (name: string, output: string): void => {
    const heading = paint(stdout, 'red', `---- ${name}`);
    failures.push(name);
    progress.print(`${heading}\n${output.trimEnd()}\n`);
  };

  if (wants('checks')) {
    for (const check of checks()) {
      const step = progress.begin(check.name);
      const failure = await runCheck(check, signal);
      if (failure === undefined) {
        sum.passed += 1;
        step.done();
      } else {
        sum.failed += 1;
        step.failed();
        fail(check.name, failure);
      }
    }
  }

  for (const project of ['unit', 'e2e'] as const) {
    if (!wants(project)) continue;
    const name = project === 'unit' ? 'unit tests' : 'end-to-end tests';
    const step = progress.begin(name, { quietMs: 10_000 });
    const { counts, exitCode, output } = await runVitest(project, options.filters, step, signal);
    // Vitest can fail without a failing test: a broken configuration, a crashed worker.
    const failed = exitCode !== 0 && counts.failed === 0 ? 1 : counts.failed;
    sum.passed += counts.passed;
    sum.failed += failed;
    sum.skipped += counts.skipped;
    if (failed > 0) {
      step.failed(describeCounts({ ...counts, failed }));
      fail(name, output);
    } else {
      step.done(describeCounts(counts));
    }
  }

  if (sum.passed + sum.failed + sum.skipped === 0) {
    throw new CommandError(`No test file matches ${options.filters.join(' ')}`);
  }
  if (failures.length > 0) stdout.write(`Failed: ${failures.join(', ')}. What they said is above.\n`);
  stdout.write(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped\n`);
  return sum.failed === 0 ? 0 : 1;
}

/** @returns what went wrong, or undefined. */
async function runCheck(check: Check, signal: AbortSignal): Promise<string | undefined> {
  const { exitCode, output } = await runChild(process.execPath, check.command, {
    cwd: checkout,
    env: plainEnvironment(),
    signal,
  });
  if (exitCode === 0) return undefined;
  const remedy = check.remedy === undefined ? '' : `\n(${check.remedy})`;
  return `${output}${remedy}`;
}

async function runVitest(
  project: 'unit' | 'e2e',
  filters: readonly string[],
  step: Step,
  signal: AbortSignal,
): Promise<{ counts: TestCounts; exitCode: number; output: string }> {
  let counts: TestCounts = { passed: 0, failed: 0, skipped: 0, total: 0, file: '' };
  const { exitCode, output } = await runChild(process.execPath, vitestCommand(project, filters), {
    cwd: checkout,
    env: plainEnvironment(),
    signal,
    onMessage: (message) => {
      if (!isTestCounts(message)) return;
      counts = message;
      step.update(`${describeCounts(counts)}  ${counts.file}`);
    },
  });
  return { counts, exitCode, output };
}

/** What the children say is kept and shown later, maybe in a file: without colours. */
function plainEnvironment(): Readonly<Record<string, string | undefined>> {
  const { FORCE_COLOR: _, ...env } = process.env;
  return { ...env, NO_COLOR: '1' };
}

function describeCounts({ passed, failed, skipped, total }: TestCounts): string {
  const ended = passed + failed + skipped;
  const parts = [`${ended}/${Math.max(total, ended)}`];
  if (failed > 0) parts.push(`${failed} failed`);
  if (skipped > 0) parts.push(`${skipped} skipped`);
  return parts.join(', ');
}
