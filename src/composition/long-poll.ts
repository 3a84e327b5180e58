import type { Clock } from '../clock/index.ts';
import { Refusal } from '../protocols/index.ts';

const maxLimit = 500;
/** Less than a server that stops waits for its answers. */
const maxWaitMs = 4_000;

/** Something that only grows, of which everything has a sequence. */
export interface Growing {
  /** The sequence of its last; 0: there is none. */
  last(): number;
  onAppend(appended: () => void): Disposable;
}

/**
 * What a person asks for of something that grows: what is after a place in it, or the newest; with `waitMs` it resolves
 * when there is something, or when that time is over.
 * @throws InvalidRequest
 */
export async function askedPlace(
  query: URLSearchParams,
  growing: Growing,
  { signal, clock }: { readonly signal: AbortSignal; readonly clock: Clock },
): Promise<{ readonly after: number; readonly limit: number }> {
  const limit = whole(query, 'limit', maxLimit) ?? 100;
  const waitMs = whole(query, 'waitMs', maxWaitMs) ?? 0;
  const after = whole(query, 'after', Number.MAX_SAFE_INTEGER) ?? Math.max(0, growing.last() - limit);
  if (waitMs > 0 && growing.last() <= after) {
    await nextAppended(growing, (appended) => clock.sleep(waitMs, AbortSignal.any([signal, appended])));
  }
  return { after, limit };
}

/** Resolves when something is appended, or when the wait is over. */
async function nextAppended(growing: Growing, wait: (until: AbortSignal) => Promise<void>): Promise<void> {
  const appended = new AbortController();
  using _listening = growing.onAppend(() => appended.abort());
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
