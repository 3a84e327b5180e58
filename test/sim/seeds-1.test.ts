import { describe, it } from 'vitest';
import { runSeeds } from './run-seeds.ts';

const batchLength = 25;
/** Half of the seeds of each test run; the other half is the neighbouring file's, as files can run side by side. */
const batches = Array.from({ length: 20 }, (_, batch) => 1 + batch * batchLength);

describe('nothing breaks in a small world:', () => {
  it.each(batches)(' seeds from %i on', (from) => runSeeds(from, batchLength), 120_000);
});
