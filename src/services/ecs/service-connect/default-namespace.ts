import type { Transaction } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import { findDiscoveryNamespace, makeHttpNamespace } from '../../servicediscovery/index.ts';
import type { EcsContext } from '../context.ts';
import { ecsRefusal, invalidParameter } from '../errors.ts';

/**
 * The ARN of the namespace that a cluster's serviceConnectDefaults name: a name that there is no namespace of is made one.
 * @throws NamespaceNotFoundException an ARN of none; InvalidParameterException it can't be made.
 */
export function defaultNamespace(tx: Transaction, ecs: EcsContext, call: Call, nameOrArn: string): string {
  const found = findDiscoveryNamespace(tx, call, nameOrArn);
  if (found !== undefined) return found.arn;
  if (nameOrArn.startsWith('arn:'))
    throw ecsRefusal('NamespaceNotFoundException', `The namespace ${nameOrArn} was not found.`);
  const made = makeHttpNamespace(tx, call, { name: nameOrArn, random: ecs.random, now: call.now });
  if ('reason' in made) throw invalidParameter(made.reason);
  return made.arn;
}
