import type { EcsContext } from '../services/ecs/index.ts';
import type { Iam } from '../services/iam/index.ts';

/** As long as the credentials of tasks last in AWS; a role's own MaxSessionDuration binds no service. */
const sessionSeconds = 6 * 3_600;

/**
 * How ECS assumes the roles of tasks: as `ecs-tasks.amazonaws.com`, on behalf of the account's ECS in the region. Trust
 * policies can tell those apart, and no finer: "aws:SourceArn" doesn't name a cluster or a task.
 */
export function taskRoles(iam: Pick<Iam, 'assumeRoleForService'>): EcsContext['assumeTaskRole'] {
  return ({ scope: { accountId, region }, roleArn, sessionName, holder }) => {
    // A role is passed within its account.
    if (roleArn.split(':')[4] !== accountId) return undefined;
    const session = iam.assumeRoleForService({
      ...{ roleArn, sessionName },
      service: 'ecs-tasks.amazonaws.com',
      sourceArn: `arn:aws:ecs:${region}:${accountId}:*`,
      sourceAccount: accountId,
      durationSeconds: sessionSeconds,
      ...(holder === undefined ? {} : { holder }),
    });
    return session.isAssumed ? session.credentials : undefined;
  };
}
