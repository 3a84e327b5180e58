import { generateKeyPairSync } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EksServer, startEks, type TestCluster } from './testing/eks-server.ts';

let server: EksServer;
let harbor: TestCluster;
let lagoon: TestCluster;
let uid: string;
beforeAll(async () => {
  server = await startEks();
  [harbor, lagoon] = [await server.cluster('harbor'), await server.cluster('lagoon')];
  for (const cluster of [harbor, lagoon]) await cluster.call('POST', accounts, { metadata: { name: 'bot' } });
  uid = (await harbor.call('GET', `${accounts}/bot`)).json.metadata.uid;
});
afterAll(() => server[Symbol.asyncDispose]());

const accounts = '/api/v1/namespaces/default/serviceaccounts';
const audience = 'https://kubernetes.default.svc';
const whoAmI = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
const reviews = '/apis/authentication.k8s.io/v1/tokenreviews';

const request = (account: string, spec: object = {}, cluster = harbor) =>
  cluster.call('POST', `${accounts}/${account}/token`, { spec });
const tokenOf = async (account: string, spec: object = {}, cluster = harbor): Promise<string> =>
  (await request(account, spec, cluster)).json.status.token;
const as = (token: string, cluster = harbor) =>
  cluster.call('POST', whoAmI, {}, { authorization: `Bearer ${token}` });
const review = async (spec: object) => (await harbor.call('POST', reviews, { spec })).json.status;
const namespacedPod = (name: string, spec: object = {}) => ({
  metadata: { name },
  spec: { serviceAccountName: 'bot', containers: [{ name: 'c', image: 'busybox' }], ...spec },
});
const pods = '/api/v1/namespaces/default/pods';

describe('a token of a ServiceAccount', () => {
  it('is signed by the cluster, for its API server and an hour where nobody says more', async () => {
    const { status, json } = await request('bot');
    expect(status).toBe(201);
    expect(json).toMatchObject({
      ...{ kind: 'TokenRequest', apiVersion: 'authentication.k8s.io/v1' },
      metadata: { name: 'bot', namespace: 'default' },
      spec: { audiences: [audience], expirationSeconds: 3600 },
    });
    const { cluster } = await server.eks.describeCluster({ name: 'harbor' });
    const claims = decodeJwt(json.status.token);
    expect(claims).toMatchObject({
      ...{ iss: cluster?.identity?.oidc?.issuer, aud: [audience], sub: 'system:serviceaccount:default:bot' },
      'kubernetes.io': { namespace: 'default', serviceaccount: { name: 'bot', uid } },
    });
    expect([Number(claims.exp) - Number(claims.iat), claims.nbf]).toEqual([3600, claims.iat]);
    expect(Date.parse(json.status.expirationTimestamp)).toBe(Number(claims.exp) * 1_000);
  });

  it('lets in whom it is of, with the groups of ServiceAccounts', async () => {
    const token = await tokenOf('bot');
    const { json } = await as(token);
    expect(json.status.userInfo).toEqual({
      ...{ username: 'system:serviceaccount:default:bot', uid },
      groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
      extra: { 'authentication.kubernetes.io/credential-id': [`JTI=${decodeJwt(token).jti}`] },
    });
    const denied = await harbor.call('GET', pods, undefined, { authorization: `Bearer ${token}` });
    expect([denied.status, denied.json.message]).toEqual([
      403,
      'pods is forbidden: User "system:serviceaccount:default:bot" cannot list resource "pods" in API group "" in the namespace "default"',
    ]);
    await harbor.call('POST', '/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings', {
      metadata: { name: 'bot' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
      subjects: [{ kind: 'ServiceAccount', name: 'bot', namespace: 'default' }],
    });
    const allowed = await harbor.call('GET', pods, undefined, { authorization: `Bearer ${token}` });
    expect(allowed.status).toBe(200);
  });

  it('is good for the audiences that it names, and no others', async () => {
    const token = await tokenOf('bot', { audiences: ['vault', 'sts.amazonaws.com'] });
    expect((await as(token)).status).toBe(401);
    expect(await review({ token })).toEqual({
      authenticated: false,
      error: `[invalid bearer token, token audiences ["vault" "sts.amazonaws.com"] is invalid for the target audiences ["${audience}"]]`,
    });
    expect(await review({ token, audiences: ['vault', 'other'] })).toMatchObject({
      ...{ authenticated: true, audiences: ['vault'] },
      user: { username: 'system:serviceaccount:default:bot' },
    });
  });

  it('of a day at most', async () => {
    const { json, headers } = await request('bot', { expirationSeconds: 10 * 86_400 });
    expect(json.spec.expirationSeconds).toBe(86_400);
    expect(headers.warning).toBe('299 - "requested expiration of 864000 seconds shortened to 86400 seconds"');
  });

  it('dies with its ServiceAccount, also if there is another one of its name', async () => {
    await harbor.call('POST', accounts, { metadata: { name: 'brief' } });
    const token = await tokenOf('brief');
    expect((await as(token)).status).toBe(201);
    await harbor.call('DELETE', `${accounts}/brief`);
    expect((await as(token)).status).toBe(401);
    await harbor.call('POST', accounts, { metadata: { name: 'brief' } });
    expect((await as(token)).status).toBe(401);
    expect((await review({ token })).error).toBe(
      '[invalid bearer token, service account token has been invalidated]',
    );
  });

  it('dies with the pod that it is bound to, and says which', async () => {
    const pod = (await harbor.call('POST', pods, namespacedPod('one'))).json.metadata;
    const token = await tokenOf('bot', {
      boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'one', uid: pod.uid },
    });
    expect((await as(token)).json.status.userInfo.extra).toMatchObject({
      'authentication.kubernetes.io/pod-name': ['one'],
      'authentication.kubernetes.io/pod-uid': [pod.uid],
    });
    await harbor.call('DELETE', `${pods}/one?gracePeriodSeconds=0`);
    expect((await as(token)).status).toBe(401);
  });

  it('that a pod asks for outlives its time for those who read it once', async () => {
    await harbor.call('POST', pods, namespacedPod('two'));
    const { json } = await request('bot', {
      expirationSeconds: 3607,
      boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'two' },
    });
    const { iat = 0, exp, 'kubernetes.io': bound } = decodeJwt(json.status.token);
    expect(exp).toBe(iat + 90 * 86_400);
    expect(bound).toMatchObject({ warnafter: iat + 3607 });
    expect(Date.parse(json.status.expirationTimestamp)).toBe((iat + 3607) * 1_000);
  });
});

describe('TokenRequest refuses', () => {
  const bound = (ref: object) => ({ boundObjectRef: { apiVersion: 'v1', ...ref } });
  const cases: readonly (readonly [
    what: string,
    account: string,
    spec: object,
    status: number,
    message: string,
  ])[] = [
    [
      'a ServiceAccount that is not there',
      ...(['nobody', {}, 404, 'serviceaccounts "nobody" not found'] as const),
    ],
    [
      'less than ten minutes',
      ...(['bot', { expirationSeconds: 599 }, 422] as const),
      'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes',
    ],
    ['a pod that is not there', 'bot', bound({ kind: 'Pod', name: 'x' }), 404, 'pods "x" not found'],
    [
      'a pod of another ServiceAccount',
      ...(['default', bound({ kind: 'Pod', name: 'mine' }), 400] as const),
      'cannot bind token for serviceaccount "default" to pod running with different serviceaccount name.',
    ],
    [
      'another pod of the name',
      ...(['bot', bound({ kind: 'Pod', name: 'mine', uid: 'u' }), 409] as const),
      'Operation cannot be fulfilled on Pod "mine": the UID in the bound object reference (u) does not match the UID in record. The object might have been deleted and then recreated',
    ],
    [
      'what nothing can be bound to',
      ...(['bot', bound({ kind: 'ConfigMap', name: 'x' }), 400] as const),
      'cannot bind token to object of type /v1, Kind=ConfigMap',
    ],
  ];
  beforeAll(() => harbor.call('POST', pods, namespacedPod('mine')));
  it.each(cases)('%s', async (_what, account, spec, status, message) => {
    const answered = await request(account, spec);
    expect([answered.status, answered.json.message]).toEqual([status, message]);
  });

  it('whoever may not create it', async () => {
    const { status, json } = await harbor.call(
      'POST',
      `${accounts}/bot/token`,
      {},
      {
        authorization: `Bearer ${await tokenOf('bot')}`,
      },
    );
    expect([status, json.message]).toEqual([
      403,
      'serviceaccounts "bot" is forbidden: User "system:serviceaccount:default:bot" cannot create resource "serviceaccounts/token" in API group "" in the namespace "default"',
    ]);
  });
});

describe('no token is', () => {
  const forge = (
    of: string,
    change: object,
    key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
  ) =>
    new SignJWT({ ...decodeJwt(of), ...change })
      .setProtectedHeader({ ...decodeProtectedHeader(of), alg: 'RS256' })
      .sign(key);

  it('one of another cluster, whose ServiceAccount has the same name', async () => {
    const token = await tokenOf('bot', {}, lagoon);
    expect((await as(token, lagoon)).status).toBe(201);
    expect((await as(token)).status).toBe(401);
    // Nor with the issuer of this one: the key is the other's.
    const sealed = await forge(token, { iss: decodeJwt(await tokenOf('bot')).iss });
    expect((await as(sealed)).status).toBe(401);
  });

  it('one that nobody signed, or with a word for a key', async () => {
    const token = await tokenOf('bot');
    const none = new UnsecuredJWT(decodeJwt(token)).encode();
    expect((await as(none)).status).toBe(401);
    // The public key as if it were a shared secret, which whoever can read it could sign with.
    const { keys } = JSON.parse((await harbor.call('GET', '/openid/v1/jwks')).text);
    const confused = await new SignJWT(decodeJwt(token))
      .setProtectedHeader({ alg: 'HS256', kid: keys[0].kid })
      .sign(Buffer.from(JSON.stringify(keys[0])));
    expect((await as(confused)).status).toBe(401);
    expect((await as(await forge(token, {}))).status).toBe(401);
    const [head, , signature] = token.split('.');
    const other = Buffer.from(
      JSON.stringify({ ...decodeJwt(token), sub: 'system:serviceaccount:kube-system:x' }),
    );
    expect((await as(`${head}.${other.toString('base64url')}.${signature}`)).status).toBe(401);
  });

  it('garbage', async () => {
    for (const token of ['a.b.c', 'e30.e30.', `${'x'.repeat(12_000)}`])
      expect((await as(token)).status).toBe(401);
    const { status } = await harbor.call('POST', reviews, { spec: {} });
    expect(status).toBe(400);
  });
});

describe('the issuer', () => {
  it('shows its keys to everybody, where its name says, and to ServiceAccounts at the API server', async () => {
    const { cluster } = await server.eks.describeCluster({ name: 'harbor' });
    const issuer = cluster?.identity?.oidc?.issuer ?? '';
    expect(issuer.startsWith(`${harbor.endpoint}/id/`)).toBe(true);
    const path = new URL(issuer).pathname;
    const nobody = { authorization: '' };
    const found = await harbor.call('GET', `${path}/.well-known/openid-configuration`, undefined, nobody);
    expect(found.json).toMatchObject({ issuer, jwks_uri: `${issuer}/keys` });
    const keys = await harbor.call('GET', `${path}/keys`, undefined, nobody);
    expect(keys.headers['content-type']).toBe('application/jwk-set+json');
    const [key] = JSON.parse(keys.text).keys;
    expect(key).toMatchObject({
      kty: 'RSA',
      use: 'sig',
      alg: 'RS256',
      kid: decodeProtectedHeader(await tokenOf('bot')).kid,
    });
    expect(Object.keys(key).toSorted()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use']);
    expect((await harbor.call('GET', '/openid/v1/jwks', undefined, nobody)).status).toBe(403);
    const bot = { authorization: `Bearer ${await tokenOf('bot')}` };
    expect((await harbor.call('GET', '/openid/v1/jwks', undefined, bot)).text).toBe(keys.text);
    const others = new URL(
      (await server.eks.describeCluster({ name: 'lagoon' })).cluster?.identity?.oidc?.issuer ?? '',
    );
    expect((await harbor.call('GET', `${others.pathname}/keys`, undefined, nobody)).status).toBe(403);
  });
});

describe('a Secret of type kubernetes.io/service-account-token', () => {
  const secrets = '/api/v1/namespaces/default/secrets';
  const wanted = (name: string, account: string) => ({
    metadata: { name, annotations: { 'kubernetes.io/service-account.name': account } },
    type: 'kubernetes.io/service-account-token',
  });

  it('is filled with a token that is good as long as the Secret is there', async () => {
    await harbor.call('POST', secrets, wanted('kept', 'bot'));
    await server.reconcilers.idle();
    const { json } = await harbor.call('GET', `${secrets}/kept`);
    const text = (name: string) => Buffer.from(json.data[name], 'base64').toString();
    expect([text('namespace'), text('ca.crt')]).toEqual(['default', harbor.certificateAuthority]);
    expect(json.metadata.annotations['kubernetes.io/service-account.uid']).toBe(uid);
    expect((await as(text('token'))).json.status.userInfo).toMatchObject({
      ...{ username: 'system:serviceaccount:default:bot', uid },
    });
    expect(await review({ token: text('token'), audiences: ['vault'] })).toMatchObject({
      authenticated: false,
    });
    await harbor.call('DELETE', `${secrets}/kept`);
    expect((await as(text('token'))).status).toBe(401);
  });

  it('goes with its ServiceAccount, and names one', async () => {
    await harbor.call('POST', accounts, { metadata: { name: 'leaving' } });
    await harbor.call('POST', secrets, wanted('left', 'leaving'));
    await server.reconcilers.idle();
    expect((await harbor.call('GET', `${secrets}/left`)).json.data.token).toBeDefined();
    await harbor.call('DELETE', `${accounts}/leaving`);
    await server.reconcilers.idle();
    expect((await harbor.call('GET', `${secrets}/left`)).status).toBe(404);
    const { status, json } = await harbor.call('POST', secrets, {
      ...wanted('x', 'bot'),
      metadata: { name: 'x' },
    });
    expect([status, json.message]).toEqual([
      422,
      'Secret "x" is invalid: metadata.annotations[kubernetes.io/service-account.name]: Required value',
    ]);
  });
});
