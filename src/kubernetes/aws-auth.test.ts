import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EksServer, type Key, scope, startEks, type TestCluster } from './testing/eks-server.ts';

const iam = `arn:aws:iam::${scope.accountId}`;
const whoAmI = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
const configMaps = '/api/v1/namespaces/kube-system/configmaps';

let server: EksServer;
let old: TestCluster;
let both: TestCluster;
let ada: Key;
let session: Key;
beforeAll(async () => {
  server = await startEks();
  const mode = (authenticationMode: string) => ({ accessConfig: { authenticationMode } });
  old = await server.cluster('old', mode('CONFIG_MAP'));
  both = await server.cluster('both', mode('API_AND_CONFIG_MAP'));
  ada = await user('ada');
  await server.iam.createRole({
    ...{ RoleName: 'deploy', Path: '/teams/' },
    AssumeRolePolicyDocument: JSON.stringify({
      Statement: [{ Effect: 'Allow', Principal: { AWS: `${iam}:root` }, Action: 'sts:AssumeRole' }],
    }),
  });
  const { Credentials } = await server.signedBy(ada).sts.assumeRole({
    ...{ RoleArn: `${iam}:role/teams/deploy`, RoleSessionName: 'ada@sea' },
  });
  const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = Credentials ?? {};
  session = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
});
afterAll(() => server[Symbol.asyncDispose]());

async function user(UserName: string): Promise<Key> {
  await server.iam.createUser({ UserName });
  await server.iam.putUserPolicy({
    ...{ UserName, PolicyName: 'all' },
    PolicyDocument: JSON.stringify({ Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] }),
  });
  const { AccessKey } = await server.iam.createAccessKey({ UserName });
  return { accessKeyId: AccessKey?.AccessKeyId ?? '', secretAccessKey: AccessKey?.SecretAccessKey ?? '' };
}

/** Whom somebody is in a cluster: his name and his groups; otherwise the status. */
async function who(cluster: TestCluster, key: Key): Promise<unknown> {
  const headers = { authorization: `Bearer ${await cluster.token({ key })}` };
  const { status, json } = await cluster.call('POST', whoAmI, {}, headers);
  if (status !== 201) return status;
  const { username, groups } = json.status.userInfo;
  return [username, ...groups.filter((group: string) => group !== 'system:authenticated')];
}

const write = (cluster: TestCluster, data: Record<string, string>) =>
  cluster.call(
    'PATCH',
    `${configMaps}/aws-auth`,
    { data },
    { 'content-type': 'application/merge-patch+json' },
  );

describe('the ConfigMap aws-auth', () => {
  it('lets in whom it names, from the next request on, and whoever made the cluster anyway', async () => {
    expect(await who(old, session)).toBe(401);
    const mapRoles = [
      `- rolearn: ${iam}:role/DEPLOY`,
      '  username: ci:{{SessionName}}:{{AccountID}}',
      '  groups: [deployers, "of:{{SessionNameRaw}}"]',
      '- rolearn: 5',
      '- not a row',
    ].join('\n');
    const made = { metadata: { name: 'aws-auth' }, data: { mapRoles, mapUsers: 'no: list' } };
    expect((await old.call('POST', configMaps, made)).status).toBe(201);
    expect(await who(old, session)).toEqual([`ci:ada-sea:${scope.accountId}`, 'deployers', 'of:ada@sea']);
    expect(await who(old, ada)).toBe(401);
    await write(old, { mapUsers: `- {userarn: "${iam}:user/ada", username: ada, groups: [system:masters]}` });
    expect(await who(old, ada)).toEqual(['ada', 'system:masters']);
    await old.call('DELETE', `${configMaps}/aws-auth`);
    expect(await who(old, session)).toBe(401);
    expect((await old.call('GET', '/api/v1/nodes')).status).toBe(200);
  });

  it('takes the role without its path, and nobody by what is not filled in', async () => {
    await old.call('POST', configMaps, { metadata: { name: 'aws-auth' } });
    await write(old, { mapRoles: `- {rolearn: "${iam}:role/teams/deploy", username: a}` });
    expect(await who(old, session)).toBe(401);
    await write(old, {
      mapRoles: `- {rolearn: "${iam}:role/deploy", username: "system:node:{{EC2PrivateDNSName}}"}`,
    });
    expect(await who(old, session)).toBe(401);
  });

  it('lets in all of an account by their ARNs', async () => {
    await write(old, { mapRoles: '', mapAccounts: `- "${scope.accountId}"` });
    expect(await who(old, session)).toEqual([`${iam}:role/deploy`]);
    await write(old, { mapAccounts: '[{' });
    expect(await who(old, session)).toBe(401);
  });

  it('does not take for the root user whoever acts in his name', async () => {
    const { Credentials } = await server.sts.getFederationToken({ Name: 'eve' });
    const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = Credentials ?? {};
    const eve = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
    expect(await who(old, eve)).toBe(401);
  });
});

describe('a cluster with both', () => {
  it('asks its entries first, and the ConfigMap for others', async () => {
    await both.call('POST', configMaps, {
      metadata: { name: 'aws-auth' },
      data: {
        mapRoles: `- {rolearn: "${iam}:role/deploy", username: mapped}`,
        mapUsers: `- {userarn: "${iam}:user/ada", username: ada}`,
      },
    });
    expect(await who(both, session)).toEqual(['mapped']);
    await server.eks.createAccessEntry({
      ...{ clusterName: 'both', principalArn: `${iam}:role/teams/deploy`, kubernetesGroups: ['entered'] },
    });
    expect(await who(both, session)).toEqual([
      `arn:aws:sts::${scope.accountId}:assumed-role/deploy/ada-sea`,
      'entered',
    ]);
    expect(await who(both, ada)).toEqual(['ada']);
    await server.eks.updateClusterConfig({ name: 'both', accessConfig: { authenticationMode: 'API' } });
    await server.reconcilers.idle();
    expect(await who(both, ada)).toBe(401);
  });
});
