import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { STS } from '@aws-sdk/client-sts';
import { fromHttp } from '@aws-sdk/credential-provider-http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../clock/index.ts';
import { type EksServer, scope, startEks } from '../../kubernetes/testing/eks-server.ts';
import { silentLog } from '../../log.ts';
import { assumeRoleForPodIdentity, EksAuthError } from './eks-auth-api.ts';
import { PodIdentityAgent, type PodIdentityAgentOptions } from './pod-identity-agent.ts';

const start = Date.parse('2026-01-01T00:00:00Z');
const clock = new VirtualClock(start);
const stack: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of stack.splice(0)) await each[Symbol.asyncDispose]();
});

async function open(options: Partial<PodIdentityAgentOptions>): Promise<string> {
  const agent = new PodIdentityAgent({
    ...{ addresses: ['127.0.0.1'], clock, log: silentLog },
    exchange: () => Promise.reject(new Error('not asked')),
    ...options,
  });
  stack.push(agent);
  return `http://127.0.0.1:${await agent.listen({ host: '127.0.0.1', port: 0 })}/v1/credentials`;
}

const tokenUntil = (exp: number): string =>
  ['{}', JSON.stringify({ exp }), 's'].map((part) => Buffer.from(part).toString('base64url')).join('.');
const good = tokenUntil(start / 1_000 + 60);
const ask = async (url: string, authorization?: string): Promise<readonly [number, string]> => {
  const answer = await fetch(url, { headers: { ...(authorization !== undefined && { authorization }) } });
  return [answer.status, (await answer.text()).trimEnd()];
};

describe('an agent refuses', () => {
  it.each([
    ['no token', undefined, 400, 'Service account token cannot be empty'],
    ['what is none', 'a.b', 400, 'Service account token cannot be parsed: token is malformed'],
    [
      ...(['one that has ended', tokenUntil(start / 1_000), 400] as const),
      'Service account token failed basic claim validations: token is expired',
    ],
  ])('%s', async (_, token, status, message) => {
    expect(await ask(await open({}), token)).toEqual([status, message]);
  });

  it('whoever calls it by another name, or asks for something else', async () => {
    const url = await open({ addresses: ['169.254.170.23'] });
    expect(await ask(url, good)).toEqual([
      403,
      'Access Denied. Called agent through invalid address, please use either [169.254.170.23] address not 127.0.0.1',
    ]);
    expect(await ask(url.replace('/v1/credentials', '/latest/meta-data/'), good)).toEqual([
      ...([404, '404 page not found'] as const),
    ]);
  });

  it('what EKS Auth refuses, in its words, until it does not', async () => {
    let asked = 0;
    const url = await open({
      exchange: async () => {
        asked += 1;
        if (asked === 1) throw new EksAuthError(404, 'ResourceNotFoundException', 'No association', 'r-1');
        return { ...key, expiresAtMs: start + 3_600_000 };
      },
    });
    expect(await ask(url, good)).toEqual([
      ...([404, '[r-1]: (ResourceNotFoundException): No association, fault: client'] as const),
    ]);
    const [status, text] = await ask(url, good);
    expect([status, JSON.parse(text)]).toEqual([
      200,
      {
        ...{ AccessKeyId: 'A', SecretAccessKey: 'S', Token: 'T', AccountId: '111122223333' },
        Expiration: '2026-01-01T01:00:00Z',
      },
    ]);
    await ask(url, good);
    expect(asked).toBe(2);
  });
});

const key = { accessKeyId: 'A', secretAccessKey: 'S', sessionToken: 'T', accountId: '111122223333' };

describe('an SDK in a pod', () => {
  let server: EksServer;
  let directory: string;
  beforeEach(async () => {
    server = await startEks();
    directory = mkdtempSync(join(tmpdir(), 'pod-identity-'));
  });
  afterEach(async () => {
    rmSync(directory, { recursive: true });
    await server[Symbol.asyncDispose]();
  });

  it('acts as its role by what its environment says, and may no more than that', async () => {
    const harbor = await server.cluster('harbor');
    const Statement = [
      {
        ...{ Effect: 'Allow', Principal: { Service: 'pods.eks.amazonaws.com' } },
        Action: ['sts:AssumeRole', 'sts:TagSession'],
      },
    ];
    const { Role } = await server.iam.createRole({
      RoleName: 'reader',
      AssumeRolePolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement }),
    });
    await server.eks.createPodIdentityAssociation({
      ...{ clusterName: 'harbor', namespace: 'default', serviceAccount: 'app', roleArn: Role?.Arn ?? '' },
    });
    const core = '/api/v1/namespaces/default';
    await harbor.call('POST', `${core}/serviceaccounts`, { metadata: { name: 'app' } });
    const { json: pod } = await harbor.call('POST', `${core}/pods`, {
      metadata: { name: 'app' },
      spec: { serviceAccountName: 'app', containers: [{ name: 'app', image: 'busybox' }] },
    });
    const { json: issued } = await harbor.call('POST', `${core}/serviceaccounts/app/token`, {
      spec: {
        audiences: ['pods.eks.amazonaws.com'],
        boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'app', uid: pod.metadata.uid },
      },
    });
    const awsContainerAuthorizationTokenFile = join(directory, 'token');
    writeFileSync(awsContainerAuthorizationTokenFile, issued.status.token);
    const eksAuth = {
      ...{ endpoint: server.endpoint, region: scope.region, clusterName: 'harbor', clock: server.clock },
      credentials: async () => server.key,
    };
    const awsContainerCredentialsFullUri = await open({
      clock: server.clock,
      exchange: (token, signal) => assumeRoleForPodIdentity(eksAuth, token, signal),
    });
    const settings = {
      ...{ endpoint: server.endpoint, region: scope.region },
      credentials: fromHttp({
        ...{ awsContainerCredentialsFullUri, awsContainerAuthorizationTokenFile, timeout: 30_000 },
      }),
    };
    const sts = new STS(settings);
    const { Arn } = await sts.getCallerIdentity({});
    expect(Arn).toMatch(/:assumed-role\/reader\/eks-harbor-app-/);
    sts.destroy();
    const of = server.signedBy(await settings.credentials());
    await expect(of.eks.listClusters({})).rejects.toThrow(/not authorized to perform: eks:ListClusters/);
  });
});
