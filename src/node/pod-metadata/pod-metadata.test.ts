import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { seededRandom, VirtualClock } from '../../clock/index.ts';
import {
  type EksServer,
  type Key,
  scope,
  startEks,
  type TestCluster,
} from '../../kubernetes/testing/eks-server.ts';
import { silentLog } from '../../log.ts';
import { ApiClient } from '../kubelet/api/api-client.ts';
import { assumeRoleBy } from './assume-role.ts';
import { PodMetadataServer } from './pod-metadata-server.ts';
import { PodRoles, type RoleCredentials } from './pod-roles.ts';

const stack: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of stack.splice(0).toReversed()) await each[Symbol.asyncDispose]();
});

interface Asking {
  readonly from?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}
interface Answered {
  readonly status: number | undefined;
  readonly text: string;
  readonly headers: NodeJS.Dict<string | string[]>;
}

/** As a pod that has the address asks. */
const asker =
  (port: number | undefined) =>
  (path: string, { from = '127.0.0.1', method = 'GET', headers = {} }: Asking = {}): Promise<Answered> =>
    new Promise((resolve, reject) => {
      const target = { host: '127.0.0.1', port, path, method, headers, localAddress: from, agent: false };
      const asking = request(target, (answer) => {
        let text = '';
        answer.on('data', (part: Buffer) => {
          text += part.toString();
        });
        answer.on('end', () =>
          resolve({ status: answer.statusCode, text: text.trimEnd(), headers: answer.headers }),
        );
      });
      asking.on('error', reject).end();
    });

const path = '/latest/meta-data/iam/security-credentials';

describe('the metadata address of pods, with the cluster’s API and STS behind it', () => {
  const nodeName = 'ip-10-0-1-7.eu-west-1.compute.internal';
  const owners = new Map<string, string>();
  let server: EksServer;
  let harbor: TestCluster;
  let node: Key;
  let ask: ReturnType<typeof asker>;

  beforeEach(async () => {
    owners.clear();
    server = await startEks();
    stack.push(server);
    harbor = await server.cluster('harbor');
    node = await makeNode();
    const { clock } = server;
    const api = new ApiClient({ ...harbor, token: () => harbor.token() }, { clock, random: seededRandom(1) });
    const { sts } = server.signedBy(node);
    const roles = new PodRoles({
      ...{ nodeName, api, clock, baseArn: `arn:aws:iam::${scope.accountId}:role/` },
      events: {
        warning: (pod, reason, message) => void told.push(`${pod.metadata.name} ${reason}: ${message}`),
      },
      podAt: (address) => owners.get(address),
      assumeRole: assumeRoleBy(sts, clock),
    });
    const metadata = new PodMetadataServer({ roles, clock, random: seededRandom(2), log: silentLog });
    stack.push(
      { [Symbol.asyncDispose]: async () => api[Symbol.dispose]() },
      { [Symbol.asyncDispose]: async () => sts.destroy() },
      metadata,
    );
    ask = asker(await metadata.listen({ host: '127.0.0.1', port: 0 }));
    told.length = 0;
  });
  const told: string[] = [];

  /** Somebody who may assume the roles of pods, as a node's role may. */
  async function makeNode(): Promise<Key> {
    await server.iam.createUser({ UserName: 'node' });
    await server.iam.putUserPolicy({
      ...{ UserName: 'node', PolicyName: 'roles-of-pods' },
      PolicyDocument: document({ Action: 'sts:AssumeRole', Resource: '*' }),
    });
    const { AccessKey } = await server.iam.createAccessKey({ UserName: 'node' });
    return { accessKeyId: AccessKey?.AccessKeyId ?? '', secretAccessKey: AccessKey?.SecretAccessKey ?? '' };
  }
  const document = (statement: object) =>
    JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', ...statement }] });
  const trusting = (RoleName: string, principal: string) =>
    server.iam.createRole({
      RoleName,
      AssumeRolePolicyDocument: document({ Principal: { AWS: principal }, Action: 'sts:AssumeRole' }),
    });
  const nodeArn = `arn:aws:iam::${scope.accountId}:user/node`;
  const permit = (expression: string) =>
    harbor.call(
      ...(['PATCH', '/api/v1/namespaces/default'] as const),
      { metadata: { annotations: { 'iam.amazonaws.com/permitted': expression } } },
      { 'content-type': 'application/merge-patch+json' },
    );
  /** A pod of the node, at an address of its own. */
  async function pod(name: string, address: string, annotations: object): Promise<void> {
    const { json, text, status } = await harbor.call('POST', '/api/v1/namespaces/default/pods', {
      metadata: { name, annotations },
      spec: { nodeName, containers: [{ name: 'c', image: 'busybox' }] },
    });
    expect(status, text).toBe(201);
    owners.set(address, json.metadata.uid);
  }

  it('gives a pod the credentials of its role, and they are that role’s alone', async () => {
    await trusting('reader', nodeArn);
    await server.iam.putRolePolicy({
      ...{ RoleName: 'reader', PolicyName: 'read' },
      PolicyDocument: document({ Action: 'eks:ListClusters', Resource: '*' }),
    });
    await permit('.*/reader');
    await pod('app', '127.0.0.1', { 'iam.amazonaws.com/role': 'reader' });
    expect(await ask(path)).toMatchObject({ status: 308, headers: { location: `${path}/` } });
    expect(await ask(`${path}/`)).toMatchObject({ status: 200, text: 'reader' });
    const { status, text } = await ask(`${path}/reader`);
    expect(status, text).toBe(200);
    const said = JSON.parse(text);
    expect(said).toMatchObject({ Code: 'Success', Type: 'AWS-HMAC' });
    expect(said.Expiration).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    const given = server.signedBy({
      ...{ accessKeyId: said.AccessKeyId, secretAccessKey: said.SecretAccessKey },
      sessionToken: said.Token,
    });
    expect((await given.sts.getCallerIdentity({})).Arn).toMatch(/:assumed-role\/reader\/kiam$/);
    await given.eks.listClusters({});
    await expect(given.eks.describeCluster({ name: 'harbor' })).rejects.toThrow(
      /not authorized to perform: eks:DescribeCluster/,
    );
    expect(told).toEqual([]);
  });

  it('gives nothing to a pod without a role, and nothing of the instance', async () => {
    await trusting('reader', nodeArn);
    await permit('.*');
    await pod('plain', '127.0.0.2', {});
    expect(await ask(`${path}/`, { from: '127.0.0.2' })).toMatchObject({ status: 404, text: 'empty role' });
    expect(await ask(`${path}/reader`, { from: '127.0.0.2' })).toMatchObject({
      ...{ status: 500, text: 'error fetching credentials: forbidden by policy' },
    });
    expect(told).toEqual([
      "plain KiamRoleForbidden: failed assuming role \"reader\": requested 'reader' but annotated with '', forbidden",
    ]);
    expect(await ask('/latest/meta-data/instance-id')).toMatchObject({
      status: 404,
      text: 'request blocked by allow-route-regexp "^$": /latest/meta-data/instance-id',
    });
    expect(await ask(`${path}/`, { from: '127.0.0.3' })).toMatchObject({ status: 500, text: 'no pod found' });
  });

  it('gives no pod another pod’s role, whatever it asks for', async () => {
    for (const role of ['reader', 'writer']) await trusting(role, nodeArn);
    await permit('.*');
    await pod('app', '127.0.0.1', { 'iam.amazonaws.com/role': 'reader' });
    await pod('other', '127.0.0.2', { 'iam.amazonaws.com/role': 'writer' });
    expect(await ask(`${path}/writer`)).toMatchObject({ status: 500 });
    expect(await ask(`${path}/writer`, { from: '127.0.0.2' })).toMatchObject({ status: 200 });
    expect(told).toHaveLength(1);
  });

  it('heeds what the namespace permits, from the next request on', async () => {
    await trusting('reader', nodeArn);
    await pod('app', '127.0.0.1', { 'iam.amazonaws.com/role': 'reader' });
    expect(await ask(`${path}/reader`)).toMatchObject({ status: 500 });
    expect(told[0]).toMatch(
      /namespace policy expression '\(empty\)' forbids role 'arn:aws:iam::\d+:role\/reader'$/,
    );
    await permit('.*/reader');
    expect(await ask(`${path}/reader`)).toMatchObject({ status: 200 });
    await permit('.*/writer');
    expect(await ask(`${path}/reader`)).toMatchObject({ status: 500 });
  });

  it('gives nothing that STS does not, and asks again', async () => {
    await trusting('reader', `arn:aws:iam::${scope.accountId}:root`);
    await server.iam.deleteUserPolicy({ UserName: 'node', PolicyName: 'roles-of-pods' });
    await permit('.*');
    await pod('app', '127.0.0.1', { 'iam.amazonaws.com/role': 'reader' });
    expect((await ask(`${path}/reader`)).text).toMatch(/^error fetching credentials: .*sts:AssumeRole/);
    expect(told[0]).toMatch(/^app KiamCredentialError: failed retrieving credentials: AccessDenied/);
    await server.iam.putUserPolicy({
      ...{ UserName: 'node', PolicyName: 'roles-of-pods' },
      PolicyDocument: document({ Action: 'sts:AssumeRole', Resource: '*' }),
    });
    expect(await ask(`${path}/reader`)).toMatchObject({ status: 200 });
  });

  it('gives nothing to a pod that has ended', async () => {
    await pod('app', '127.0.0.1', { 'iam.amazonaws.com/role': 'reader' });
    await harbor.call(
      ...(['PATCH', '/api/v1/namespaces/default/pods/app/status', { status: { phase: 'Failed' } }] as const),
      { 'content-type': 'application/merge-patch+json' },
    );
    expect(await ask(`${path}/`)).toMatchObject({ status: 500, text: 'no pod found' });
  });
});

describe('session tokens', () => {
  const clock = new VirtualClock(Date.parse('2026-01-01T00:00:00Z'));
  const open = async (seed = 3) => {
    const metadata = new PodMetadataServer({
      ...{ clock, random: seededRandom(seed), log: silentLog },
      roles: { roleAt: async () => 'reader', credentialsAt: () => Promise.reject(new Error('not asked')) },
    });
    stack.push(metadata);
    return asker(await metadata.listen({ host: '127.0.0.1', port: 0 }));
  };
  const put = (seconds: string, more = {}) => ({
    ...{ method: 'PUT', headers: { 'x-aws-ec2-metadata-token-ttl-seconds': seconds, ...more } },
  });
  const withToken = (token: string) => ({ headers: { 'x-aws-ec2-metadata-token': token } });

  it('are good until they end, and need not be shown', async () => {
    const ask = await open();
    const given = await ask('/latest/api/token', put('60'));
    expect(given).toMatchObject({ status: 200, headers: { 'x-aws-ec2-metadata-token-ttl-seconds': '60' } });
    expect(await ask(`${path}/`, withToken(given.text))).toMatchObject({ status: 200, text: 'reader' });
    expect(await ask(`${path}/`)).toMatchObject({ status: 200 });
    await clock.advance(60_000);
    expect(await ask(`${path}/`, withToken(given.text))).toMatchObject({ status: 401 });
  });

  it('are nobody else’s', async () => {
    const [ask, other] = [await open(), await open(4)];
    const { text } = await ask('/latest/api/token', put('60'));
    const changed = (at: number) =>
      `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`;
    for (const token of ['', 'x', changed(0), changed(12), changed(30), `${text}AAAA`])
      expect(await ask(`${path}/`, withToken(token)), token).toMatchObject({ status: 401 });
    expect(await other(`${path}/`, withToken(text))).toMatchObject({ status: 401 });
    expect(await ask(`${path}/`, withToken(text))).toMatchObject({ status: 200 });
  });

  it.each([
    ['no seconds', { method: 'PUT' }, 400],
    ['none', put('0'), 400],
    ['too many', put('21601'), 400],
    ['what is no number', put('1e3'), 400],
    ['a request that was passed on', put('60', { 'x-forwarded-for': '10.0.0.1' }), 403],
  ])('are not given for %s', async (_, asking, status) => {
    expect(await (await open())('/latest/api/token', asking)).toMatchObject({ status });
  });

  it('are given for the most seconds', async () => {
    expect(await (await open())('/latest/api/token', put('21600'))).toMatchObject({ status: 200 });
  });
});

it('credentials are kept until five minutes before they end, by role and session', async () => {
  const clock = new VirtualClock(0);
  const asked: string[] = [];
  const annotations = { 'iam.amazonaws.com/role': 'reader' };
  const pods = [
    { metadata: { name: 'a', namespace: 'n', uid: 'a', annotations }, spec: { containers: [] } },
    {
      metadata: {
        ...{ name: 'b', namespace: 'n', uid: 'b' },
        annotations: { ...annotations, 'iam.amazonaws.com/session-name': 'own' },
      },
      spec: { containers: [] },
    },
  ];
  const roles = new PodRoles({
    ...{ nodeName: 'node', baseArn: 'arn:aws:iam::1:role/', clock, podAt: (address) => address },
    api: {
      list: async () => ({ items: pods as never, resourceVersion: '1' }),
      get: async () => ({ metadata: { annotations: { 'iam.amazonaws.com/permitted': '.*' } } }) as never,
    },
    events: { warning: () => {} },
    assumeRole: async ({ sessionName }): Promise<RoleCredentials> => {
      asked.push(sessionName);
      const key = { accessKeyId: String(asked.length), secretAccessKey: '', sessionToken: '' };
      return { ...key, updatedAtMs: clock.now(), expiresAtMs: clock.now() + 900_000 };
    },
  });
  const key = async (address: string) =>
    (await roles.credentialsAt(address, 'reader', AbortSignal.timeout(30_000))).accessKeyId;
  expect([await key('a'), await key('a'), await key('b')]).toEqual(['1', '1', '2']);
  await clock.advance(599_000);
  expect(await key('a')).toBe('1');
  await clock.advance(2_000);
  expect(await key('a')).toBe('3');
  expect(asked).toEqual(['kiam', 'own', 'kiam']);
});
