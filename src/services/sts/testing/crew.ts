import type { AssumeRoleCommandInput, STS } from '@aws-sdk/client-sts';
import { entityKey, type PolicyRecord, policies, roles } from '../../iam/records.ts';
import { accountId, type IamServer, otherAccountId } from '../../iam/testing/iam-server.ts';

export { accountId, type IamServer, otherAccountId, startIamServer } from '../../iam/testing/iam-server.ts';

/** Who may assume whom: users and roles of the two accounts of a server. */

export const policy = (...statements: object[]): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: statements });
export const allow = (Action: string | readonly string[], more: object = {}): object => ({
  ...{ Effect: 'Allow', Action, Resource: '*' },
  ...more,
});
export const trust = (AWS: string, more: object = {}): object => ({
  ...{ Effect: 'Allow', Principal: { AWS }, Action: 'sts:AssumeRole' },
  ...more,
});

export const userArn = (name: string, account = accountId): string => `arn:aws:iam::${account}:user/${name}`;
export const roleArn = (name: string, account = accountId): string => `arn:aws:iam::${account}:role/${name}`;

type Clients = ReturnType<IamServer['as']>;
const iamOf = (server: IamServer, account: string) =>
  account === otherAccountId ? server.as(server.otherRootKey).iam : server.iam;

/** A user with one inline policy, and the clients that sign as it. */
export async function makeUser(
  server: IamServer,
  name: string,
  statements: readonly object[] = [],
  account = accountId,
): Promise<Clients> {
  const iam = iamOf(server, account);
  await iam.createUser({ UserName: name });
  if (statements.length > 0) {
    await iam.putUserPolicy({ UserName: name, PolicyName: 'p', PolicyDocument: policy(...statements) });
  }
  const { AccessKey } = await iam.createAccessKey({ UserName: name });
  const { AccessKeyId = '', SecretAccessKey = '' } = AccessKey ?? {};
  return server.as({ accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey });
}

export interface RoleSettings {
  readonly may?: readonly object[];
  readonly maxSessionSeconds?: number;
  readonly tags?: Readonly<Record<string, string>>;
  readonly account?: string;
}

/** @returns Its ARN. */
export async function makeRole(
  server: IamServer,
  name: string,
  trusted: readonly object[],
  { may = [], maxSessionSeconds = 3600, tags = {}, account = accountId }: RoleSettings = {},
): Promise<string> {
  const { Role } = await iamOf(server, account).createRole({
    ...{
      RoleName: name,
      AssumeRolePolicyDocument: policy(...trusted),
      MaxSessionDuration: maxSessionSeconds,
    },
    Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
  });
  if (may.length > 0) {
    const key = entityKey(roles, account, name);
    await server.state.transact((tx) => {
      const role = tx.get(roles, key);
      if (role !== undefined) tx.put(roles, key, { ...role, inlinePolicies: { p: policy(...may) } });
    });
  }
  return Role?.Arn ?? '';
}

/** @returns Its ARN. */
export async function makePolicy(
  server: IamServer,
  name: string,
  statements: readonly object[],
): Promise<string> {
  const record: PolicyRecord = {
    ...{ policyName: name, path: '/', id: `ANPA${name.toUpperCase()}`, createdAt: 0, updatedAt: 0, tags: {} },
    ...{ defaultVersionId: 'v1', nextVersion: 2, attachmentCount: 0, boundaryCount: 0 },
    versions: [{ id: 'v1', document: policy(...statements), createdAt: 0 }],
  };
  await server.state.transact((tx) => tx.put(policies, entityKey(policies, accountId, name), record));
  return `arn:aws:iam::${accountId}:policy/${name}`;
}

/** The clients that sign with the session. */
export async function assume(
  server: IamServer,
  sts: STS,
  RoleArn: string,
  more: Partial<AssumeRoleCommandInput> = {},
): Promise<Clients> {
  const { Credentials } = await sts.assumeRole({ RoleArn, RoleSessionName: 'watch', ...more });
  const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = Credentials ?? {};
  return server.as({
    ...{ accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken },
  });
}
