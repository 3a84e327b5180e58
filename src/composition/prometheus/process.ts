import { performance } from 'node:perf_hooks';
import type { Clock } from '../../clock/index.ts';
import type { Family } from './exposition.ts';

/** This process, by the names that Prometheus has for any process where it has one. */
export async function processFamilies(clock: Clock): Promise<readonly Family[]> {
  const { user, system } = process.cpuUsage();
  const { active } = performance.eventLoopUtilization();
  return [
    gauge('catamaran_uptime_seconds', 'Time since the process began.', process.uptime()),
    gauge('process_resident_memory_bytes', 'Memory that the process has in RAM.', process.memoryUsage.rss()),
    {
      name: 'process_cpu_seconds_total',
      help: 'Processor time, of user and system.',
      type: 'counter',
      samples: [{ value: (user + system) / 1e6 }],
    },
    {
      name: 'catamaran_event_loop_active_seconds_total',
      help: 'Time in which the event loop had something to do.',
      type: 'counter',
      samples: [{ value: active / 1000 }],
    },
    gauge(
      'catamaran_event_loop_lag_seconds',
      'How long work that was due now had to wait for the event loop, measured at the scrape.',
      await lagSeconds(clock),
    ),
  ];
}

function gauge(name: string, help: string, value: number): Family {
  return { name, help, type: 'gauge', samples: [{ value }] };
}

function lagSeconds(clock: Clock): Promise<number> {
  const from = clock.monotonic();
  return new Promise((resolve) => setImmediate(() => resolve((clock.monotonic() - from) / 1000)));
}
