import type { Session } from '../../service.ts';
import { sessionArn } from '../arn.ts';
import { resourceTagKeys } from '../conditions.ts';
import type { IamContext } from '../context.ts';
import { issueSession, type TemporaryCredentials } from '../credentials/session-token.ts';
import { type ContextSource, evaluate, RequestContext } from '../policy/index.ts';
import type { Tags } from '../records.ts';
import { trustPolicyOf } from '../roles/trust-policy.ts';
import { type FoundRole, findRole } from './find-role.ts';
import { sessionTimes } from './issued-session.ts';

/** What a service needs a role's credentials for. */
export interface ServiceAssumption {
  readonly roleArn: string;
  /** As trust policies name it: `ecs-tasks.amazonaws.com`. */
  readonly service: string;
  /** Such as a task's id. */
  readonly sessionName: string;
  /** `aws:SourceArn`: the resource that the service acts for, such as a task's ARN. */
  readonly sourceArn: string;
  /** `aws:SourceAccount`. */
  readonly sourceAccount: string;
  /** A service's sessions are not bound by the role's MaxSessionDuration. */
  readonly durationSeconds: number;
  /** The ARN of what the session is made for: it ends when that does (`IamContext.isHolderAlive`). */
  readonly holder?: string;
  /** Session tags, for which the trust policy has to allow `sts:TagSession`. */
  readonly tags?: Tags;
}

export type ServiceSession =
  | {
      readonly isAssumed: true;
      readonly credentials: TemporaryCredentials;
      /** The role's id and the session's name, `AROA…:name`. */
      readonly assumedRoleId: string;
      readonly assumedRoleArn: string;
    }
  /** `message` says it in plain words, with the role and the service. */
  | {
      readonly isAssumed: false;
      readonly reason: 'role-does-not-exist' | 'service-not-trusted';
      readonly message: string;
    };

/**
 * Credentials of a role, for a service that acts with it. Whether the user may hand the role to the service is
 * `iam:PassRole`, asked when it was handed over; here the role's trust policy alone decides, as it is now.
 */
export function assumeRoleForService(context: IamContext, asked: ServiceAssumption): ServiceSession {
  const { roleArn, service, sessionName, durationSeconds, holder, tags = {} } = asked;
  const found = findRole(context.state, roleArn);
  if (found === undefined) {
    return {
      ...{ isAssumed: false, reason: 'role-does-not-exist' },
      message: `The role ${roleArn} does not exist.`,
    };
  }
  const now = context.clock.now();
  const actions = Object.keys(tags).length > 0 ? ['sts:AssumeRole', 'sts:TagSession'] : ['sts:AssumeRole'];
  for (const action of actions) {
    if (isTrusted(found, service, action, serviceContext(asked, found, now))) continue;
    return {
      ...{ isAssumed: false, reason: 'service-not-trusted' },
      message: `The trust policy of the role ${roleArn} does not allow ${service} the action ${action}.`,
    };
  }
  const session: Session = {
    ...sessionTimes(now, durationSeconds),
    name: sessionName,
    tags,
    ...(holder !== undefined && { holder }),
  };
  const { accountId, role } = found;
  return {
    isAssumed: true,
    credentials: issueSession(context, { accountId, identity: { kind: 'role', roleId: role.id }, session }),
    assumedRoleId: `${role.id}:${sessionName}`,
    assumedRoleArn: sessionArn(accountId, found.arn.slice(found.arn.lastIndexOf('/') + 1), sessionName),
  };
}

function isTrusted(found: FoundRole, service: string, action: string, context: ContextSource): boolean {
  const { decision } = evaluate(
    { identity: [], resource: trustPolicyOf(found.role) },
    { action, resource: found.arn, principal: { kind: 'service', service }, context },
  );
  return decision === 'allowed';
}

/** The condition keys of a call that a service makes itself: nobody's address and no user agent. */
function serviceContext(
  { service, sessionName, sourceArn, sourceAccount, tags = {} }: ServiceAssumption,
  { accountId, role }: FoundRole,
  now: number,
): ContextSource {
  return new RequestContext([
    ['aws:CurrentTime', new Date(now).toISOString()],
    ['aws:EpochTime', String(Math.floor(now / 1000))],
    ['aws:SecureTransport', 'true'],
    ['aws:PrincipalIsAWSService', 'true'],
    ['aws:PrincipalServiceName', service],
    ['aws:PrincipalServiceNamesList', [service]],
    ['aws:ViaAWSService', 'false'],
    ['aws:ResourceAccount', accountId],
    ['aws:SourceArn', sourceArn],
    ['aws:SourceAccount', sourceAccount],
    ['sts:RoleSessionName', sessionName],
    ['aws:TagKeys', Object.keys(tags)],
    ...Object.entries(tags).map(([name, value]) => [`aws:RequestTag/${name}`, value] as const),
    ...Object.entries(resourceTagKeys(role.tags)),
  ]);
}
