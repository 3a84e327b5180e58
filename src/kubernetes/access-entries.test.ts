import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EksServer, type Key, scope, startEks, type TestCluster } from './testing/eks-server.ts';

const role = (name: string): string => `arn:aws:iam::${scope.accountId}:role/${name}`;
const policy = (name: string): string => `arn:aws:eks::aws:cluster-access-policy/${name}`;
const clusterName = 'harbor';
const whoAmI = '/apis/authentication.k8s.io/v1/selfsubjectreviews';

let server: EksServer;
let harbor: TestCluster;
let ada: Key;
let session: Key;
beforeAll(async () => {
  server = await startEks();
  harbor = await server.cluster(clusterName, { accessConfig: { authenticationMode: 'API' } });
  await server.iam.createRole({
    ...{ RoleName: 'deploy', Path: '/teams/' },
    AssumeRolePolicyDocument: JSON.stringify({
      Statement: [
        {
          Effect: 'Allow',
          Principal: { AWS: `arn:aws:iam::${scope.accountId}:root` },
          Action: 'sts:AssumeRole',
        },
      ],
    }),
  });
  ada = await makeAda();
  session = await sessionOf('teams/deploy');
});
afterAll(() => server[Symbol.asyncDispose]());

/** A user who may do everything: root users assume no roles. */
async function makeAda(): Promise<Key> {
  await server.iam.createUser({ UserName: 'ada' });
  await server.iam.putUserPolicy({
    ...{ UserName: 'ada', PolicyName: 'all' },
    PolicyDocument: JSON.stringify({ Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] }),
  });
  const { AccessKey } = await server.iam.createAccessKey({ UserName: 'ada' });
  return { accessKeyId: AccessKey?.AccessKeyId ?? '', secretAccessKey: AccessKey?.SecretAccessKey ?? '' };
}

/** Credentials of a session of a role. */
async function sessionOf(name: string): Promise<Key> {
  const { Credentials } = await server.signedBy(ada).sts.assumeRole({
    ...{ RoleArn: role(name), RoleSessionName: 'ada@sea' },
  });
  const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = Credentials ?? {};
  return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
}

/** A call of whoever holds a key. */
const callAs = async (key: Key, method: string, path: string, body?: unknown, headers: object = {}) =>
  harbor.call(method, path, body, { authorization: `Bearer ${await harbor.token({ key })}`, ...headers });
const may = async (key: Key, verb: string, resource: string, namespace = '', group = '') =>
  (
    await callAs(key, 'POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
      spec: { resourceAttributes: { verb, resource, namespace, group } },
    })
  ).json.status.allowed;
const associate = (name: string, accessScope: object) =>
  server.eks.associateAccessPolicy({
    ...{ clusterName, principalArn: role('teams/deploy'), policyArn: policy(name) },
    accessScope: { type: 'cluster', ...accessScope },
  });

describe('an access entry', () => {
  it('lets a role in, as the session that it is, with the groups of the entry', async () => {
    expect((await callAs(session, 'GET', '/api')).status).toBe(401);
    await server.eks.createAccessEntry({
      ...{ clusterName, principalArn: role('teams/deploy'), kubernetesGroups: ['deployers'] },
    });
    const { json } = await callAs(session, 'POST', whoAmI, {});
    expect(json.status.userInfo).toMatchObject({
      username: `arn:aws:sts::${scope.accountId}:assumed-role/deploy/ada-sea`,
      groups: ['deployers', 'system:authenticated'],
      extra: { canonicalArn: [role('deploy')], sessionName: ['ada@sea'] },
    });
    expect(json.status.userInfo.uid).toMatch(/^aws-iam-authenticator:111122223333:AROA\w+$/);
    expect(await may(session, 'list', 'pods', 'default')).toBe(false);
    await server.eks.updateAccessEntry({
      ...{ clusterName, principalArn: role('teams/deploy'), username: 'ci:{{SessionNameRaw}}' },
    });
    const renamed = await callAs(session, 'POST', whoAmI, {});
    expect(renamed.json.status.userInfo.username).toBe('ci:ada@sea');
  });

  it('gives with a policy what the policy says, where it says it, from the next request on', async () => {
    await associate('AmazonEKSEditPolicy', { type: 'namespace', namespaces: ['team-*'] });
    expect(await may(session, 'create', 'deployments', 'team-blue', 'apps')).toBe(true);
    expect(await may(session, 'get', 'secrets', 'team-blue')).toBe(true);
    expect(await may(session, 'create', 'deployments', 'default', 'apps')).toBe(false);
    expect(await may(session, 'list', 'pods')).toBe(false);
    expect(await may(session, 'list', 'nodes')).toBe(false);
    expect(await may(session, 'create', 'roles', 'team-blue', 'rbac.authorization.k8s.io')).toBe(false);
    await associate('AmazonEKSViewPolicy', { type: 'cluster' });
    expect(await may(session, 'list', 'pods')).toBe(true);
    expect(await may(session, 'list', 'secrets')).toBe(false);
    expect((await callAs(session, 'GET', '/api/v1/namespaces/default/pods')).status).toBe(200);
    expect((await callAs(session, 'GET', '/api/v1/namespaces/default/secrets')).status).toBe(403);
    await server.eks.disassociateAccessPolicy({
      ...{ clusterName, principalArn: role('teams/deploy') },
      policyArn: policy('AmazonEKSViewPolicy'),
    });
    expect(await may(session, 'list', 'pods')).toBe(false);
  });

  it('is no role: lists of rules do not show it, and nobody takes it along into another name', async () => {
    const cluster = policy('AmazonEKSClusterAdminPolicy');
    await associate('AmazonEKSClusterAdminPolicy', {});
    expect(await may(session, '*', '*', '', '*')).toBe(true);
    const { json } = await callAs(session, 'POST', '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews', {
      spec: { namespace: 'default' },
    });
    expect(JSON.stringify(json.status.resourceRules)).not.toContain('"*"');
    expect(json.status).toMatchObject({
      ...{ incomplete: true, evaluationError: 'webhook authorizer does not support user rule resolution' },
    });
    const impersonating = {
      'impersonate-user': 'ci:ada@sea',
      'impersonate-extra-canonicalarn': role('deploy'),
    };
    const { status } = await callAs(session, 'GET', '/api/v1/nodes', undefined, impersonating);
    expect(status).toBe(403);
    // Whoever may do everything may write roles, too.
    const made = await callAs(session, 'POST', '/apis/rbac.authorization.k8s.io/v1/clusterroles', {
      ...{ metadata: { name: 'all' }, rules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }] },
    });
    expect(made.status).toBe(201);
    await server.eks.disassociateAccessPolicy({
      ...{ clusterName, principalArn: role('teams/deploy'), policyArn: cluster },
    });
  });

  it('lets nobody in any more when it is deleted, who made the cluster included', async () => {
    const mine = { clusterName, principalArn: `arn:aws:iam::${scope.accountId}:root` };
    expect((await harbor.call('GET', '/api/v1/nodes')).status).toBe(200);
    await server.eks.deleteAccessEntry(mine);
    expect((await harbor.call('GET', '/api/v1/nodes')).status).toBe(401);
    await server.eks.createAccessEntry(mine);
    expect((await harbor.call('GET', '/api/v1/nodes')).status).toBe(403);
    await server.eks.associateAccessPolicy({
      ...{ ...mine, policyArn: policy('AmazonEKSClusterAdminPolicy'), accessScope: { type: 'cluster' } },
    });
    expect((await harbor.call('GET', '/api/v1/nodes')).status).toBe(200);
  });
});

describe('a role made anew under its name', () => {
  it('is another one, and not let in', async () => {
    const trust = JSON.stringify({
      Statement: [
        {
          Effect: 'Allow',
          Principal: { AWS: `arn:aws:iam::${scope.accountId}:user/ada` },
          Action: 'sts:AssumeRole',
        },
      ],
    });
    const made = { RoleName: 'brief', AssumeRolePolicyDocument: trust };
    const status = async () => (await callAs(await sessionOf('brief'), 'GET', '/api')).status;
    await server.iam.createRole(made);
    await server.eks.createAccessEntry({ clusterName, principalArn: role('brief') });
    expect(await status()).toBe(200);
    await server.iam.deleteRole({ RoleName: 'brief' });
    await server.iam.createRole(made);
    expect(await status()).toBe(401);
  });
});

describe('a role that trusts the cluster as an issuer', () => {
  it('is assumed with the token of the ServiceAccount that it names, and no other', async () => {
    const { cluster } = await server.eks.describeCluster({ name: clusterName });
    const issuer = cluster?.identity?.oidc?.issuer ?? '';
    const accounts = '/api/v1/namespaces/default/serviceaccounts';
    for (const name of ['tide', 'ebb']) await harbor.call('POST', accounts, { metadata: { name } });
    const { OpenIDConnectProviderArn: provider } = await server.iam.createOpenIDConnectProvider({
      ...{ Url: issuer, ClientIDList: ['sts.amazonaws.com'] },
    });
    await server.iam.createRole({
      RoleName: 'tide',
      AssumeRolePolicyDocument: JSON.stringify({
        Statement: [
          {
            ...{
              Effect: 'Allow',
              Principal: { Federated: provider },
              Action: 'sts:AssumeRoleWithWebIdentity',
            },
            Condition: {
              StringEquals: {
                [`${issuer.replace('https://', '')}:sub`]: 'system:serviceaccount:default:tide',
              },
            },
          },
        ],
      }),
    });
    const assume = async (account: string, audience: string) => {
      const { json } = await harbor.call('POST', `${accounts}/${account}/token`, {
        spec: { audiences: [audience] },
      });
      return server.sts.assumeRoleWithWebIdentity({
        ...{ RoleArn: role('tide'), RoleSessionName: 'tide', WebIdentityToken: json.status.token },
      });
    };
    expect((await assume('tide', 'sts.amazonaws.com')).SubjectFromWebIdentityToken).toBe(
      'system:serviceaccount:default:tide',
    );
    await expect(assume('ebb', 'sts.amazonaws.com')).rejects.toMatchObject({ name: 'AccessDenied' });
    await expect(assume('tide', 'https://kubernetes.default.svc')).rejects.toMatchObject({
      name: 'InvalidIdentityTokenException',
    });
  });
});
