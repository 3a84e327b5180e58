import type { Transaction } from '../../../reconcile/index.ts';
import { registerInstance } from '../for-services/instance.ts';
import { newId } from '../ids.ts';
import { type Ec2Server, scope } from './ec2-server.ts';

/** One more instance. @returns its id. */
export function addInstance(
  tx: Transaction,
  { context: { random }, clock }: Ec2Server,
  facts: Parameters<typeof registerInstance>[4],
): string {
  const id = newId(random, 'i');
  registerInstance(tx, random, scope, id, facts, clock.now());
  return id;
}
