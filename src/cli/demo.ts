import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withTimeout } from '../clock/index.ts';
import { stateLayout } from '../installation/index.ts';
import type { CommandContext } from './command-context.ts';
import type { Composition, RunningServer } from './composition.ts';
import { comparison } from './demo/comparison.ts';
import { type MonthlyCost, monthlyCost } from './demo/cost.ts';
import { type Customer, openCustomer } from './demo/customer.ts';
import { type EcsFacts, tellEcsStory } from './demo/ecs-story.ts';
import { type EksFacts, tellEksStory } from './demo/eks-story.ts';
import { type Hull, type HullFacts, hulls } from './demo/hull-facts.ts';
import { prices } from './demo/prices.ts';
import { Progress } from './progress.ts';
import { runSetup, stepsFor } from './setup/index.ts';
import { describeError, duration, table } from './terminal.ts';

const cleanUpMs = 60_000;

/** What `--json` prints: the facts that the demo shows, as far as it came. */
interface DemoReport {
  ok: boolean;
  error?: string;
  ecs?: Partial<EcsFacts> & Costed;
  eks?: Partial<EksFacts> & Costed;
  readonly prices: { readonly region: string; readonly asOf: string; readonly sources: readonly string[] };
  readonly steps: { readonly name: string; readonly ms: number }[];
  totalMs: number;
}

interface Costed {
  /** In US dollars, as AWS would charge it. */
  monthlyCost?: MonthlyCost;
}

export interface DemoOptions {
  readonly json?: boolean;
  /** Else both. */
  readonly only?: Hull;
}

/**
 * Everything once, in an installation of its own that is gone afterwards, whatever happens: a server in this
 * process, and from then on a customer who has nothing but the official SDK.
 */
export async function demo(options: DemoOptions, context: CommandContext): Promise<number> {
  const { composition, terminal, signal } = context;
  const output = options.json ? terminal.stderr : terminal.stdout;
  const began = composition.clock.monotonic();
  await runSetup(stepsFor('demo', composition), composition.clock, output, signal);

  using progress = new Progress(output, composition.clock);
  const { region, asOf, sources } = prices;
  const report: DemoReport = { ok: false, prices: { region, asOf, sources }, steps: [], totalMs: 0 };
  const told = hulls.filter((hull) => options.only === undefined || options.only === hull);
  /** Does one step of the demo, shows it and remembers its time. */
  const step = async <R>(
    name: string,
    work: () => Promise<R>,
    describe?: (result: R) => string,
  ): Promise<R> => {
    const line = progress.begin(name);
    const stepBegan = composition.clock.monotonic();
    try {
      const result = await work();
      line.done(describe?.(result));
      return result;
    } catch (error) {
      line.failed();
      throw error;
    } finally {
      report.steps.push({ name, ms: Math.round(composition.clock.monotonic() - stepBegan) });
    }
  };

  const stateDirectory = mkdtempSync(join(tmpdir(), 'catamaran-demo-'));
  const logFile = stateLayout(stateDirectory).log;
  const image = `${stateDirectory.slice(stateDirectory.lastIndexOf('/') + 1).toLowerCase()}:1`;
  let server: RunningServer | undefined;
  let customer: Customer | undefined;
  let failure: unknown;
  try {
    await step(
      'make an image on the spot',
      () => composition.makeBusyboxImage(image),
      () => image,
    );
    server = await step(
      'start Catamaran',
      () =>
        composition.startServer({
          stateDirectory,
          host: '127.0.0.1',
          port: 0,
          fargateIsolation: 'auto',
          vpcs: 'auto',
          loadBalancers: 'auto',
          logFile,
          signal,
        }),
      (running) => `${running.server.endpoint} on ${running.engine.name} ${running.engine.version}`,
    );
    customer = openCustomer(server.server, server.credentials, composition.clock);
    const parts = { customer, image, clock: composition.clock, progress, output, step, signal };
    if (told.includes('ecs')) {
      report.ecs = {};
      await tellEcsStory(parts, report.ecs);
    }
    if (told.includes('eks')) {
      report.eks = {};
      await tellEksStory(parts, report.eks);
    }
    for (const hull of told) addCost(hull, report[hull]);
    report.ok = true;
  } catch (error) {
    failure = error;
    if (!signal.aborted) progress.print(lastWords(logFile));
  }
  try {
    await step('clean up', () => cleanUp({ composition, stateDirectory, image, server, customer }));
  } catch (error) {
    failure ??= error;
  }
  report.totalMs = Math.round(composition.clock.monotonic() - began);
  if (failure !== undefined) {
    report.ok = false;
    report.error = describeError(failure);
  }
  if (options.json) terminal.stdout.write(`${JSON.stringify(report)}\n`);
  if (failure !== undefined) throw failure;
  if (!options.json) {
    const rows = report.steps.map(({ name, ms }) => [`  ${name}`, duration(ms).padStart(9)]);
    output.write(`\nHow long it took:\n${table([...rows, ['  all', duration(report.totalMs).padStart(9)]])}`);
    const compared = comparison(report);
    if (compared !== '') output.write(`\nThe same application:\n${compared}`);
    output.write('\nYour turn: ./catamaran up --detach, then eval "$(./catamaran env)" and any AWS tool.\n');
  }
  return 0;
}

function addCost(hull: Hull, facts: (Partial<HullFacts> & Costed) | undefined): void {
  if (facts?.addresses !== undefined) facts.monthlyCost = monthlyCost(hull, facts.addresses);
}

/** The end of the server's log, for whoever wonders why the demo failed. */
function lastWords(logFile: string): string {
  if (!existsSync(logFile)) return '';
  const lines = readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-20);
  return `The server's log ended with:\n${lines.join('\n')}`;
}

/** Removes all that the demo made. Interrupting does not stop it; each part is tried, also after another failed. */
async function cleanUp(parts: {
  readonly composition: Composition;
  readonly stateDirectory: string;
  readonly image: string;
  readonly server: RunningServer | undefined;
  readonly customer: Customer | undefined;
}): Promise<void> {
  const { composition, stateDirectory, image, server, customer } = parts;
  using deadline = withTimeout(composition.clock, cleanUpMs);
  const failures: unknown[] = [];
  const attempt = async (work: () => Promise<unknown> | undefined): Promise<void> => {
    try {
      await work();
    } catch (error) {
      failures.push(error);
    }
  };
  await attempt(() => customer?.deleteService(deadline.signal));
  customer?.close();
  await attempt(() => server?.stop());
  await attempt(() => composition.purge(stateDirectory, deadline.signal));
  await attempt(() => composition.removeImage(image));
  rmSync(stateDirectory, { recursive: true, force: true });
  if (failures.length > 0) throw new AggregateError(failures, failures.map(describeError).join('; '));
}
