import type { EventsResponse } from '../cli/index.ts';
import type { Clock } from '../clock/index.ts';
import type { RouteAnswer, RouteRequest } from '../gateway/index.ts';
import type { EventLog } from '../services/events/index.ts';
import { askedPlace } from './long-poll.ts';

/** The bus's log, for `./catamaran events`. */
export async function answerEvents(
  log: EventLog,
  { query }: RouteRequest,
  call: { readonly signal: AbortSignal; readonly clock: Clock },
): Promise<RouteAnswer> {
  const growing = { last: () => log.last, onAppend: (appended: () => void) => log.onAppend(appended) };
  const { after, limit } = await askedPlace(query, growing, call);
  const found = log.read(after, limit);
  const next = found.at(-1)?.sequence ?? Math.max(after, 0);
  const body: EventsResponse = { events: found.map(({ event }) => event), next };
  return { status: 200, body };
}
