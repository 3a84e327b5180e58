import { exportJWK, generateKeyPair, type JSONWebKeySet, type JWTPayload, SignJWT } from 'jose';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type EksServer, startEks, type TestCluster } from './testing/eks-server.ts';

const clusterName = 'harbor';
const issuer = 'https://id.example.com';
let server: EksServer;
let harbor: TestCluster;
let keys: JSONWebKeySet;
let sign: (claims?: JWTPayload) => Promise<string>;
beforeEach(async () => {
  await newKey('first');
  server = await startEks({
    issuerKeys: async (url) => {
      expect(url).toBe(issuer);
      return keys;
    },
  });
  harbor = await server.cluster(clusterName);
});
afterEach(() => server[Symbol.asyncDispose]());

async function newKey(kid: string): Promise<void> {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  keys = { keys: [{ ...(await exportJWK(publicKey)), kid }] };
  sign = (claims = {}) =>
    new SignJWT({ iss: issuer, aud: 'kubernetes', sub: 'ada', exp: Date.now() / 1_000 + 600, ...claims })
      .setProtectedHeader({ alg: 'ES256', kid })
      .sign(privateKey);
}

async function associate(more: object = {}): Promise<void> {
  await server.eks.associateIdentityProviderConfig({
    clusterName,
    oidc: { identityProviderConfigName: 'corp', issuerUrl: issuer, clientId: 'kubernetes', ...more },
  });
  await server.reconcilers.idle();
}

/** Whom the cluster takes the bearer of a token for; undefined: for nobody. */
async function whoIs(token: string) {
  const authorization = `Bearer ${token}`;
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
  const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
  const { status, json } = await harbor.call('POST', path, body, { authorization });
  if (status === 401) return undefined;
  expect(status).toBe(201);
  const { username, groups } = json.status.userInfo;
  return { username, groups: groups.filter((group: string) => group !== 'system:authenticated') };
}

it('whoever has a token of the cluster’s provider is its user, and gets what RBAC gives him', async () => {
  expect(await whoIs(await sign())).toBeUndefined();
  await associate({ groupsClaim: 'groups', groupsPrefix: 'corp:' });
  const token = await sign({ groups: ['blue', 'green'] });
  expect(await whoIs(token)).toEqual({
    ...{ username: `${issuer}#ada`, groups: ['corp:blue', 'corp:green'] },
  });
  const read = async () =>
    (await harbor.call('GET', '/api/v1/pods', undefined, { authorization: `Bearer ${token}` })).status;
  expect(await read()).toBe(403);
  await harbor.call('POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
    metadata: { name: 'blue' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
    subjects: [{ kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', name: 'corp:blue' }],
  });
  expect(await read()).toBe(200);
  const identityProviderConfig = { type: 'oidc', name: 'corp' };
  await server.eks.disassociateIdentityProviderConfig({ clusterName, identityProviderConfig });
  await server.reconcilers.idle();
  expect(await whoIs(token)).toBeUndefined();
});

it('a token counts in its time, for the client, with the claims that are required, and signed by the issuer', async () => {
  await associate({ requiredClaims: { team: 'blue' } });
  const good = { team: 'blue' };
  expect(await whoIs(await sign(good))).toMatchObject({ username: `${issuer}#ada` });
  const now = Date.now() / 1_000;
  const bad: readonly JWTPayload[] = [
    {},
    { team: 'green' },
    { ...good, aud: 'another' },
    { ...good, exp: now - 1 },
    { ...good, nbf: now + 600 },
    { ...good, sub: '' },
    { ...good, iss: 'https://other.example.com' },
  ];
  for (const claims of bad) expect(await whoIs(await sign(claims)), JSON.stringify(claims)).toBeUndefined();
  const before = await sign(good);
  await newKey('second');
  expect(await whoIs(before)).toBeUndefined();
  expect(await whoIs(await sign(good))).toMatchObject({ username: `${issuer}#ada` });
});

it('a user is called by the claim and the prefix that the provider is associated with', async () => {
  await associate({ usernameClaim: 'email' });
  const email = 'ada@example.com';
  expect(await whoIs(await sign({ email }))).toMatchObject({ username: email });
  expect(await whoIs(await sign({ email, email_verified: false }))).toBeUndefined();
  expect(await whoIs(await sign())).toBeUndefined();
});

it('the prefix - is none', async () => {
  await associate({ usernamePrefix: '-' });
  expect(await whoIs(await sign())).toEqual({ username: 'ada', groups: [] });
});
