/**
 * What it costs to find out who asks and whether they may: decisions of the policy engine alone (`authorize/engine.ts`),
 * and the share of a signed ECS read that both take (`authorize/share.ts`). Prints one JSON line.
 */
import { measureEngine, policyCount, statementsPerPolicy } from './authorize/engine.ts';
import { measureShare } from './authorize/share.ts';

const engine = measureEngine();
const read = await measureShare();
console.log(
  JSON.stringify({
    bench: 'authorize',
    policies: policyCount,
    statements: policyCount * statementsPerPolicy,
    ...engine,
    read,
    budget: { perCpuSecond: 200_000, shareOfRead: 0.25 },
  }),
);
