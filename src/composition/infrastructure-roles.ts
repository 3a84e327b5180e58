import { type Random, uuid } from '../clock/index.ts';
import { assertMayRun } from '../gateway/index.ts';
import { Refusal, rulesOf } from '../protocols/index.ts';
import type { Iam } from '../services/iam/index.ts';
import type { Infrastructure, InfrastructureSession } from '../services/infrastructure.ts';
import type {
  Call,
  ConditionKeys,
  OperationTable,
  Principal,
  Service,
  SupportedOperation,
} from '../services/service.ts';
import { serviceSession } from './service-session.ts';

interface Parts {
  readonly iam: Pick<Iam, 'assumeRoleForService' | 'findCredentials' | 'authorize'>;
  readonly services: () => readonly Service[];
  readonly random: Random;
  readonly clock: { now(): number };
  /** As which service: `ecs.amazonaws.com`. */
  readonly service: string;
  readonly sessionName: string;
  /** What the service does in its own name, by its service-linked role, and no policy of the user's decides. */
  readonly isOwn?: (operation: string) => boolean;
}

/**
 * How a service acts in others with a role that a user has passed to it: it assumes the role, and each call is authorised
 * as if the role's session had signed it. Only the wire is left out.
 */
export function infrastructureRoles(parts: Parts): (session: InfrastructureSession) => Infrastructure {
  const { iam, random, clock, service: servicePrincipal } = parts;
  const tables = new Map<string, Promise<OperationTable>>();
  const operationsOf = (signingName: string): Promise<OperationTable> => {
    const service = parts.services().find((each) => each.signingName === signingName);
    if (service === undefined) throw new Error(`There is no service ${signingName}`);
    const table = tables.get(signingName) ?? service.loadOperations();
    tables.set(signingName, table);
    return table;
  };
  return (asked) => {
    const principal = assume(parts, asked);
    const signal = new AbortController().signal;
    return async (signingName, name, input) => {
      const operation = (await operationsOf(signingName))[name];
      if (operation === undefined || !('run' in operation))
        throw new Error(`${signingName} has no operation ${name}`);
      const call: Call = {
        ...asked.scope,
        ...{ principal, requestId: uuid(random), now: clock.now(), signal },
        ...{ sourceIp: servicePrincipal, userAgent: servicePrincipal, isSecure: true },
      };
      if (!parts.isOwn?.(name))
        assertMayRun(withTags(operation), input, call, iam, rulesOf(signingName).accessDenied);
      return operation.run(input, call);
    };
  };
}

function assume(
  { iam, service, sessionName, clock }: Parts,
  { scope, roleArn, sourceArn, tags }: InfrastructureSession,
): Principal {
  const asked = { service, roleArn, sessionName, sourceArn, sourceAccount: scope.accountId };
  const tagged = tags && serviceSession(iam, { ...asked, tags }, clock.now());
  const session = tagged && 'principal' in tagged ? tagged : serviceSession(iam, asked, clock.now());
  if ('obstacle' in session)
    throw new Refusal('AccessDeniedException', `Cannot assume role. ${session.obstacle}`);
  return session.principal;
}

function withTags(operation: SupportedOperation): SupportedOperation {
  const { conditions, alsoAsks } = operation;
  return {
    ...operation,
    conditions: (input, call, resource) => withTagsToBe(conditions?.(input, call, resource) ?? {}),
    alsoAsks: (input, call) =>
      (alsoAsks?.(input, call) ?? []).map((asked) => ({
        ...asked,
        conditions: withTagsToBe(asked.conditions ?? {}),
      })),
  };
}

/**
 * What is made with tags counts as having them: AWS's policy for these roles asks for `aws:ResourceTag/AmazonECSManaged` of
 * load balancers, target groups, certificates and scalable targets that are only to be made.
 */
function withTagsToBe(keys: ConditionKeys): ConditionKeys {
  if (Object.keys(keys).some((key) => key.startsWith(resourceTag))) return keys;
  const asked = Object.entries(keys).filter(([key]) => key.startsWith(requestTag));
  const tagsToBe = asked.map(([key, value]) => [key.replace(requestTag, resourceTag), value]);
  return { ...keys, ...Object.fromEntries(tagsToBe) };
}

const requestTag = 'aws:RequestTag/';
const resourceTag = 'aws:ResourceTag/';
