import { systemClock, systemRandom } from '../../src/clock/index.ts';
import { startControlPlane } from '../../src/composition/control-plane.ts';
import { createLog } from '../../src/log.ts';
import { createSealer, sealingKeyBytes } from '../../src/sealing/index.ts';
import { MemoryMetricStore } from '../../src/services/cloudwatch/index.ts';
import { SqliteEventLog } from '../../src/services/events/index.ts';
import { MemoryEventStore } from '../../src/services/logs/index.ts';
import { rootPrincipal } from '../../src/services/service.ts';
import { openSqliteStore } from '../../src/store/index.ts';
import { reportUsage } from './usage.ts';

/**
 * The control plane as `up` starts it, durable store and all, but for this machine's own instances: a process of
 * its own, so that its memory and its processor time are its own. Says its port to its parent, and ends with it.
 */
const [directory = '', region = '', accessKeyId = '', secretAccessKey = ''] = process.argv.slice(2);
const clock = systemClock();
const random = systemRandom();
const accountId = '123456789012';

const store = await openSqliteStore({ directory, clock });
const plane = await startControlPlane({
  store,
  events: new MemoryEventStore(),
  metrics: new MemoryMetricStore(),
  eventLog: new SqliteEventLog(`${directory}-events.sqlite`),
  host: '127.0.0.1',
  port: 0,
  ownKeys: (key) =>
    key === accessKeyId ? { secretAccessKey, principal: rootPrincipal(accountId, accessKeyId) } : undefined,
  sealer: createSealer(random.bytes(sealingKeyBytes), random),
  defaultCluster: { accountId, region, name: 'default' },
  machineId: 'm-0',
  logDirectories: { buckets: `${directory}-buckets`, spool: `${directory}-spool` },
  publicCidr: '198.18.0.0/24',
  clock,
  random,
  log: createLog({ level: 'warn' }),
});
process.send?.({ port: Number(new URL(plane.endpoint).port) });

reportUsage();
process.once('disconnect', () => process.exit(0));
process.once('SIGTERM', async () => {
  await plane[Symbol.asyncDispose]();
  await store.close();
  process.exit(0);
});
