import type { Clock } from '../../clock/index.ts';
import type { Progress } from '../progress.ts';
import { type Output, paint } from '../terminal.ts';
import { loadGraph } from './load-graph.ts';
import { momentSeconds, perSecond, RequestLoad } from './request-load.ts';

/** Before and after what is done under load. */
const aroundMs = 2_000;
const showEveryMs = 250;

export interface LoadFacts {
  readonly url: string;
  readonly answered: number;
  readonly failed: number;
  /** Answers, by the revision that gave them. */
  readonly byRevision: Readonly<Record<string, number>>;
}

interface LoadParts {
  readonly url: string;
  readonly clock: Clock;
  readonly progress: Progress;
  readonly output: Output;
  readonly signal: AbortSignal;
}

/** Does something while requests come at a constant rate, and shows what became of them. */
export async function withLoad(parts: LoadParts, work: () => Promise<void>): Promise<LoadFacts> {
  const { url, clock, progress, output, signal } = parts;
  const line = progress.begin(`${perSecond} requests a second through the load balancer`, { quietMs: 5_000 });
  const load = new RequestLoad(url, clock);
  const showing = new AbortController();
  const shown = showRegularly(load, (text) => line.update(text), clock, showing.signal);
  try {
    await clock.sleep(aroundMs, signal);
    await work();
    await clock.sleep(aroundMs, signal);
  } catch (error) {
    line.failed();
    throw error;
  } finally {
    showing.abort();
    await shown;
    await load[Symbol.asyncDispose]();
  }
  const { answered, failed } = load.count();
  if (failed === 0) line.done(`${answered} answered, 0 failed`);
  else line.failed(`${answered} answered, ${failed} failed: ${load.lastFailure}`);
  progress.print(loadGraph(output, load.moments, perSecond * momentSeconds, momentSeconds));
  progress.print(
    paint(
      output,
      failed === 0 ? 'green' : 'red',
      `          ${failed} of ${answered + failed} requests failed`,
    ),
  );
  const byRevision: Record<string, number> = {};
  for (const moment of load.moments) {
    for (const [revision, count] of moment.answered) {
      byRevision[revision] = (byRevision[revision] ?? 0) + count;
    }
  }
  return { url, answered, failed, byRevision };
}

const levels = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const recentMoments = 24;

async function showRegularly(
  load: RequestLoad,
  show: (text: string) => void,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const { answered, failed } = load.count();
    show(`${recent(load)}  ${answered} answered, ${failed} failed`);
    try {
      await clock.sleep(showEveryMs, signal);
    } catch {
      return;
    }
  }
}

/** Answers of the last moments, each as a bar. */
function recent({ moments }: RequestLoad): string {
  return moments
    .slice(-recentMoments)
    .map(({ answered }) => {
      const count = answered.values().reduce((sum, each) => sum + each, 0);
      const level = Math.round((count / (perSecond * momentSeconds)) * (levels.length - 1));
      return levels[Math.min(level, levels.length - 1)];
    })
    .join('');
}
