import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  type EksServer,
  type Key,
  scope,
  startEks,
  type TestCluster,
} from '../kubernetes/testing/eks-server.ts';
import { signedHeaders } from '../node/connection/signed-headers.ts';

let server: EksServer;
let harbor: TestCluster;
const trust = (service: string) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Principal: { Service: service }, Action: ['sts:AssumeRole', 'sts:TagSession'] },
    ],
  });
const role = async (RoleName: string, service: string) =>
  (await server.iam.createRole({ RoleName, AssumeRolePolicyDocument: trust(service) })).Role?.Arn ?? '';
beforeEach(async () => {
  server = await startEks();
  harbor = await server.cluster('harbor');
});
afterEach(() => server[Symbol.asyncDispose]());

const core = '/api/v1/namespaces/default';
async function podToken(serviceAccount: string, audience = 'pods.eks.amazonaws.com', bound = true) {
  await harbor.call('POST', `${core}/serviceaccounts`, { metadata: { name: serviceAccount } });
  const { json: pod } = await harbor.call('POST', `${core}/pods`, {
    metadata: { generateName: 'app-' },
    spec: { serviceAccountName: serviceAccount, containers: [{ name: 'app', image: 'busybox' }] },
  });
  const { name, uid } = pod.metadata;
  const { json } = await harbor.call('POST', `${core}/serviceaccounts/${serviceAccount}/token`, {
    spec: {
      audiences: [audience],
      ...(bound && { boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid } }),
    },
  });
  return { token: json.status.token as string, name: name as string, uid: uid as string };
}
async function assume(token: unknown, key?: Key, clusterName = 'harbor') {
  const url = new URL(`${server.endpoint}/clusters/${clusterName}/assume-role-for-pod-identity`);
  const body = JSON.stringify({ token });
  const headers = await signedHeaders(
    { method: 'POST', url, service: 'eks-auth', body },
    { region: scope.region, credentials: key ?? server.key, clock: server.clock },
  );
  const answer = await fetch(url, { method: 'POST', headers, body });
  // biome-ignore lint/suspicious/noExplicitAny: answers of any kind, which tests look into.
  return { status: answer.status, json: (await answer.json()) as any };
}

it('a pod’s token gets the credentials of its ServiceAccount’s role, which say whose they are', async () => {
  const roleArn = await role('reader', 'pods.eks.amazonaws.com');
  const { association } = await server.eks.createPodIdentityAssociation({
    ...{ clusterName: 'harbor', namespace: 'default', serviceAccount: 'app', roleArn },
  });
  const { token, name } = await podToken('app');
  const { status, json } = await assume(token);
  expect(status).toBe(200);
  expect(json).toMatchObject({
    ...{ subject: { namespace: 'default', serviceAccount: 'app' }, audience: 'pods.eks.amazonaws.com' },
    podIdentityAssociation: {
      ...{ associationArn: association?.associationArn, associationId: association?.associationId },
    },
  });
  const { accessKeyId, secretAccessKey, sessionToken } = json.credentials;
  const { sts } = server.signedBy({ accessKeyId, secretAccessKey, sessionToken });
  const { Arn = '', UserId } = await sts.getCallerIdentity({});
  expect({ arn: Arn, assumeRoleId: UserId }).toEqual(json.assumedRoleUser);
  const session = `eks-harbor-${name}`.slice(0, 27);
  expect(Arn).toMatch(
    new RegExp(`^arn:aws:sts::${scope.accountId}:assumed-role/reader/${session}-[-0-9a-f]{36}$`),
  );
  expect(json.credentials.expiration * 1_000 - server.clock.now()).toBeGreaterThan(5.9 * 3_600_000);
});

it('nothing else gets any', async () => {
  const roleArn = await role('reader', 'pods.eks.amazonaws.com');
  const associate = { clusterName: 'harbor', namespace: 'default', serviceAccount: 'app', roleArn };
  const { association } = await server.eks.createPodIdentityAssociation(associate);
  const { token, name } = await podToken('app');
  const failure = async (...asked: Parameters<typeof assume>) => {
    const { status, json } = await assume(...asked);
    return [status, json.__type];
  };
  expect(await failure((await podToken('other')).token)).toEqual([404, 'ResourceNotFoundException']);
  expect(await failure((await podToken('app', 'sts.amazonaws.com')).token)).toEqual([
    400,
    'InvalidTokenException',
  ]);
  const unbound = await podToken('app', 'pods.eks.amazonaws.com', false);
  expect(await failure(unbound.token)).toEqual([400, 'InvalidTokenException']);
  expect(await failure(`${token.slice(0, -4)}AAAA`)).toEqual([400, 'InvalidTokenException']);
  expect(await failure('no token')).toEqual([400, 'InvalidParameterException']);
  expect(await failure(undefined)).toEqual([400, 'InvalidParameterException']);
  expect(await failure(token, undefined, 'other')).toEqual([404, 'ResourceNotFoundException']);
  await server.iam.createUser({ UserName: 'nobody' });
  const { AccessKey } = await server.iam.createAccessKey({ UserName: 'nobody' });
  const { AccessKeyId: accessKeyId = '', SecretAccessKey: secretAccessKey = '' } = AccessKey ?? {};
  expect(await failure(token, { accessKeyId, secretAccessKey })).toEqual([403, 'AccessDeniedException']);
  await server.iam.updateAssumeRolePolicy({ RoleName: 'reader', PolicyDocument: trust('ec2.amazonaws.com') });
  expect(await failure(token)).toEqual([400, 'AccessDeniedException']);
  await harbor.call('DELETE', `${core}/pods/${name}?gracePeriodSeconds=0`);
  expect(await failure(token)).toEqual([400, 'InvalidTokenException']);
  const { associationId } = association ?? {};
  await server.eks.deletePodIdentityAssociation({ clusterName: 'harbor', associationId });
});
