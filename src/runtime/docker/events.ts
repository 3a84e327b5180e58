import { backoffMs, type Clock, type Random } from '../../clock/index.ts';
import { Fields } from '../fields.ts';
import type { RuntimeEvent } from '../runtime.ts';
import { type EngineApi, jsonLines } from './engine-api.ts';
import { roleLabel, withoutOwn } from './labels.ts';

/** Health probes are execs and flood the stream with events of their own: only these are asked for. */
const actions = ['create', 'start', 'die', 'oom', 'health_status', 'pause', 'unpause', 'destroy'];
/** The Engine adds these to a container's labels. */
const attributes = new Set(['name', 'image', 'exitCode', 'signal', 'execID', 'execDuration']);
/** Subscribed a moment after it said so: events of that moment are asked for again. */
const overlapMs = 100;

const reconnect = { leastMs: 50, mostMs: 5_000 };

/**
 * The Engine's events as hints to look. Its own memory of past events is a short ring, so nothing is made of them but
 * "inspect this"; `connected` after each gap says "list again".
 */
export async function* engineEvents(
  api: EngineApi,
  labels: Readonly<Record<string, string>>,
  signal: AbortSignal,
  { clock, random }: { readonly clock: Clock; readonly random: Random },
): AsyncGenerator<RuntimeEvent, void> {
  const filters = JSON.stringify({
    type: ['container'],
    event: actions,
    label: Object.entries({ ...labels, [roleLabel]: 'app' }).map(([name, value]) => `${name}=${value}`),
  });
  let failures = 0;
  while (!signal.aborted) {
    try {
      const since = ((clock.now() - overlapMs) / 1000).toFixed(3);
      const stream = await api.stream('GET', '/events', { query: { filters, since }, signal });
      failures = 0;
      yield { type: 'connected' };
      for await (const event of jsonLines(stream)) yield eventOf(new Fields(event));
      if (!signal.aborted)
        yield { type: 'disconnected', reason: 'the container engine closed its event stream' };
    } catch (error) {
      if (signal.aborted) return;
      // A reason once for each outage, not for each attempt.
      if (failures === 0) {
        yield { type: 'disconnected', reason: error instanceof Error ? error.message : String(error) };
      }
    }
    failures += 1;
    await clock.sleep(backoffMs(failures, random, reconnect), signal).catch(() => {});
  }
}

function eventOf(event: Fields): RuntimeEvent {
  const all = event.object('Actor').textMap('Attributes');
  const labels = Object.entries(all).filter(([name]) => !attributes.has(name));
  return { type: 'container', name: all.name ?? '', labels: withoutOwn(Object.fromEntries(labels)) };
}
