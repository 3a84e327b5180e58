import { afterEach, beforeEach, expect, it } from 'vitest';
import { type EksServer, scope, startEks, type TestCluster } from './testing/eks-server.ts';

let server: EksServer;
let harbor: TestCluster;
beforeEach(async () => {
  server = await startEks();
  harbor = await server.cluster('harbor');
});
afterEach(() => server[Symbol.asyncDispose]());

const roleArn = `arn:aws:iam::${scope.accountId}:role/reader`;
const accounts = '/api/v1/namespaces/default/serviceaccounts';
const container = (name: string, more: object = {}) => ({ name, image: 'busybox', ...more });
const env = (values: Readonly<Record<string, string>>) =>
  Object.entries(values).map(([name, value]) => ({ name, value }));

const pod = async (more: { readonly metadata?: object; readonly spec?: object } = {}) => {
  const { json, status } = await harbor.call('POST', '/api/v1/namespaces/default/pods', {
    metadata: { generateName: 'app-', ...more.metadata },
    spec: { serviceAccountName: 'app', containers: [container('app')], ...more.spec },
  });
  expect(status).toBe(201);
  return json;
};
const account = (annotations: object) =>
  harbor.call('POST', accounts, { metadata: { name: 'app', annotations } });

const regional = { AWS_STS_REGIONAL_ENDPOINTS: 'regional' };
const region = { AWS_DEFAULT_REGION: scope.region, AWS_REGION: scope.region };
const ofAnnotation = {
  AWS_ROLE_ARN: roleArn,
  AWS_WEB_IDENTITY_TOKEN_FILE: '/var/run/secrets/eks.amazonaws.com/serviceaccount/token',
};

it('a pod whose ServiceAccount names a role has a token for it and knows where', async () => {
  await account({ 'eks.amazonaws.com/role-arn': roleArn });
  const { spec } = await pod({ spec: { initContainers: [container('init')], volumes: [{ name: 'own' }] } });
  expect(spec.volumes.slice(0, 2)).toMatchObject([
    {
      name: 'aws-iam-token',
      projected: {
        sources: [
          {
            serviceAccountToken: { audience: 'sts.amazonaws.com', expirationSeconds: 86_400, path: 'token' },
          },
        ],
        defaultMode: 420,
      },
    },
    { name: 'own' },
  ]);
  for (const { env: given, volumeMounts } of [...spec.initContainers, ...spec.containers]) {
    expect(given).toEqual(env({ ...regional, ...region, ...ofAnnotation }));
    expect(volumeMounts).toContainEqual({
      ...{ name: 'aws-iam-token', readOnly: true },
      mountPath: '/var/run/secrets/eks.amazonaws.com/serviceaccount',
    });
  }
});

it('a pod of a ServiceAccount with an association has the token of Pod Identity, whatever the account names', async () => {
  await account({ 'eks.amazonaws.com/role-arn': roleArn });
  const { association } = await server.eks.createPodIdentityAssociation({
    ...{ clusterName: 'harbor', namespace: 'default', serviceAccount: 'app', roleArn },
  });
  const { spec } = await pod();
  const mount = '/var/run/secrets/pods.eks.amazonaws.com/serviceaccount';
  expect(spec.containers[0].env).toEqual(
    env({
      ...{ ...regional, ...region },
      AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://169.254.170.23/v1/credentials',
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: `${mount}/eks-pod-identity-token`,
    }),
  );
  expect(spec.volumes[0]).toMatchObject({
    name: 'eks-pod-identity-token',
    projected: {
      sources: [
        { serviceAccountToken: { audience: 'pods.eks.amazonaws.com', path: 'eks-pod-identity-token' } },
      ],
    },
  });
  const { associationId } = association ?? {};
  await server.eks.deletePodIdentityAssociation({ clusterName: 'harbor', associationId });
  expect((await pod()).spec.containers[0].env).toEqual(env({ ...regional, ...region, ...ofAnnotation }));
});

it('what ServiceAccount and pod say of the token counts, and the pod says it last', async () => {
  await account({
    ...{ 'eks.amazonaws.com/role-arn': roleArn, 'eks.amazonaws.com/audience': 'harbor' },
    ...{ 'eks.amazonaws.com/token-expiration': '3600', 'eks.amazonaws.com/sts-regional-endpoints': 'false' },
  });
  const tokenOf = ({ spec }: Awaited<ReturnType<typeof pod>>) =>
    spec.volumes[0].projected.sources[0].serviceAccountToken;
  const first = await pod();
  expect(tokenOf(first)).toMatchObject({ audience: 'harbor', expirationSeconds: 3_600 });
  expect(first.spec.containers[0].env).toEqual(env({ ...region, ...ofAnnotation }));
  const annotations = { 'eks.amazonaws.com/token-expiration': '1' };
  expect(tokenOf(await pod({ metadata: { annotations } }))).toMatchObject({ expirationSeconds: 600 });
});

it('a container keeps what it says itself, and is left alone where its pod says so', async () => {
  await account({ 'eks.amazonaws.com/role-arn': roleArn });
  const own = env({ AWS_REGION: 'us-east-1', AWS_ROLE_ARN: 'mine' });
  const { spec } = await pod({
    metadata: { annotations: { 'eks.amazonaws.com/skip-containers': 'proxy, other' } },
    spec: { containers: [container('app', { env: own }), container('proxy')] },
  });
  expect(spec.containers[0].env).toEqual([...own, ...env(regional)]);
  expect(spec.containers[1].env).toBeUndefined();
});

it('a pod stays as it is where no role is named, where its label says so, and when it changes', async () => {
  const plain = await pod({ spec: { serviceAccountName: 'default' } });
  expect(plain.spec.containers[0].env).toBeUndefined();
  await account({ 'eks.amazonaws.com/role-arn': roleArn });
  const labels = { 'eks.amazonaws.com/skip-pod-identity-webhook': 'true' };
  expect((await pod({ metadata: { labels } })).spec.containers[0].env).toBeUndefined();
  const path = `/api/v1/namespaces/default/serviceaccounts/default`;
  await harbor.call(
    'PATCH',
    path,
    { metadata: { annotations: { 'eks.amazonaws.com/role-arn': roleArn } } },
    {
      'content-type': 'application/merge-patch+json',
    },
  );
  const { json } = await harbor.call(
    'PATCH',
    `/api/v1/namespaces/default/pods/${plain.metadata.name}`,
    { metadata: { labels: { a: 'b' } } },
    { 'content-type': 'application/merge-patch+json' },
  );
  expect(json.metadata.labels).toEqual({ a: 'b' });
  expect(json.spec.containers[0].env).toBeUndefined();
});
