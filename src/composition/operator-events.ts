import type { EventsResponse } from '../cli/index.ts';
import type { Clock } from '../clock/index.ts';
import type { RouteAnswer, RouteRequest } from '../gateway/index.ts';
import { Refusal } from '../protocols/index.ts';
import type { EventLog } from '../services/events/index.ts';

const maxLimit = 500;
/** Less than a server that stops waits for its answers. */
const maxWaitMs = 4_000;

/**
 * The bus's log, for `./catamaran events`: the events after a place in it, or the newest; with `waitMs` it holds
 * the answer back until there is one.
 */
export async function answerEvents(
  log: EventLog,
  { query }: RouteRequest,
  { signal, clock }: { readonly signal: AbortSignal; readonly clock: Clock },
): Promise<RouteAnswer> {
  const limit = whole(query, 'limit', maxLimit) ?? 100;
  const waitMs = whole(query, 'waitMs', maxWaitMs) ?? 0;
  const after = whole(query, 'after', Number.MAX_SAFE_INTEGER) ?? Math.max(0, log.last - limit);
  if (waitMs > 0 && log.last <= after) {
    await nextEvent(log, (appended) => clock.sleep(waitMs, AbortSignal.any([signal, appended])));
  }
  const found = log.read(after, limit);
  const next = found.at(-1)?.sequence ?? Math.max(after, 0);
  const body: EventsResponse = { events: found.map(({ event }) => event), next };
  return { status: 200, body };
}

/** Resolves when something is appended, or when the wait is over. */
async function nextEvent(log: EventLog, wait: (until: AbortSignal) => Promise<void>): Promise<void> {
  const appended = new AbortController();
  using _listening = log.onAppend(() => appended.abort());
  // It ends by being aborted as well as by time: what there is then is read in any case.
  await wait(appended.signal).catch(() => {});
}

function whole(query: URLSearchParams, name: string, max: number): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  const value = Number(text);
  if (/^\d{1,16}$/.test(text) && value <= max) return value;
  throw new Refusal('InvalidRequest', `Invalid ${name}: a whole number up to ${max} is expected`, {
    status: 400,
  });
}
