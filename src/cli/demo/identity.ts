import type { IAM } from '@aws-sdk/client-iam';
import { askSelf } from './application.ts';
import type { Hull, HullFacts, IdentityFacts } from './hull-facts.ts';
import type { StoryParts } from './story.ts';

/** The only thing that the application's role allows. */
export const allowedAction = 'logs:FilterLogEvents';
/** What nobody wants an application to be able to do. */
export const deniedActions: Readonly<Record<Hull, string>> = {
  ecs: 'ecs:DeleteCluster',
  eks: 'eks:DeleteCluster',
};

interface Trusted {
  readonly service: string;
  readonly actions?: readonly string[];
}

/** Makes a role that services may assume. @returns its ARN. */
export async function makeRole(
  iam: IAM,
  RoleName: string,
  { service, actions = ['sts:AssumeRole'] }: Trusted,
  abortSignal: AbortSignal,
): Promise<string> {
  const { Role } = await iam.createRole(
    {
      RoleName,
      AssumeRolePolicyDocument: document({ Principal: { Service: service }, Action: actions }),
    },
    { abortSignal },
  );
  return Role?.Arn ?? '';
}

/** The role of the application on one hull: it may read logs and nothing else. @returns its ARN. */
export async function makeApplicationRole(
  iam: IAM,
  role: string,
  trusted: Trusted,
  abortSignal: AbortSignal,
): Promise<string> {
  const arn = await makeRole(iam, role, trusted, abortSignal);
  const PolicyDocument = document({ Action: allowedAction, Resource: '*' });
  await iam.putRolePolicy({ RoleName: role, PolicyName: 'read-logs', PolicyDocument }, { abortSignal });
  return arn;
}

/** What a container finds, and what IAM decides about whom it then is. */
export async function lookAtApplication(
  { customer, signal }: StoryParts,
  { hull, url, roleArn }: { readonly hull: Hull; readonly url: string; readonly roleArn: string },
): Promise<{ readonly identity: IdentityFacts; readonly memory: Pick<HullFacts['memory'], 'usedBytes'> }> {
  const { accessKeyId, memoryBytes } = await askSelf(url, signal);
  const { iam } = await customer.clients();
  const { EvaluationResults = [] } = await iam.simulatePrincipalPolicy(
    { PolicySourceArn: roleArn, ActionNames: [allowedAction, deniedActions[hull]] },
    { abortSignal: signal },
  );
  const decisions = EvaluationResults.map(
    ({ EvalActionName = '', EvalDecision }) =>
      [EvalActionName, EvalDecision === 'allowed' ? 'allowed' : 'denied'] as const,
  );
  const role = roleArn.slice(roleArn.lastIndexOf('/') + 1);
  return {
    identity: { role, isFound: accessKeyId !== '', decisions: Object.fromEntries(decisions) },
    memory: memoryBytes === undefined ? {} : { usedBytes: memoryBytes },
  };
}

const document = (statement: object): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', ...statement }] });
