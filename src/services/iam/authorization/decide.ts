import type { Reader } from '../../../reconcile/index.ts';
import type { ConditionKeys, Principal, RequestFacts } from '../../service.ts';
import { type CompiledPolicy, type Evaluation, evaluate, readArn } from '../policy/index.ts';
import { policiesOf } from './policies-of.ts';
import { policyPrincipal } from './policy-principal.ts';
import { requestContext } from './request-context.ts';

export interface Asked {
  readonly action: string;
  readonly resource: string;
  readonly conditions: () => ConditionKeys | undefined;
}

/**
 * One action on one resource, by the principal's policies and, where there is one, the resource's own.
 * The resource belongs to the account that its ARN names, else to the principal's.
 */
export function decide(
  reader: Reader,
  principal: Principal,
  { action, resource, conditions }: Asked,
  facts: RequestFacts,
  resourcePolicy?: CompiledPolicy,
): Evaluation {
  const resourceAccountId = accountIn(resource) ?? principal.accountId;
  return evaluate(
    { ...policiesOf(reader, principal), ...(resourcePolicy !== undefined && { resource: resourcePolicy }) },
    {
      action,
      resource,
      resourceAccountId,
      principal: policyPrincipal(reader, principal),
      context: requestContext({ reader, principal, resourceAccountId, facts, conditions }),
    },
  );
}

/** The account that an ARN names. */
export function accountIn(resource: string): string | undefined {
  const account = readArn(resource)[4];
  return account !== undefined && /^\d{12}$/.test(account) ? account : undefined;
}
