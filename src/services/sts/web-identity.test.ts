import { STS } from '@aws-sdk/client-sts';
import type { JWTPayload } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  accountId,
  allow,
  type IamServer,
  makeRole,
  policy,
  roleArn,
  startIamServer,
} from './testing/crew.ts';
import { newSigningKey, startIssuer, type TestIssuer } from './testing/issuer.ts';

let server: IamServer;
let issuer: TestIssuer;
/** Signs nothing. */
let sts: STS;
beforeEach(async () => {
  // First, for the server's clock stands still and a certificate is not good before it was made.
  issuer = await startIssuer();
  server = await startIamServer();
  const { endpoint } = server;
  sts = new STS({
    endpoint,
    region: 'eu-west-1',
    maxAttempts: 1,
    credentials: async () => Promise.reject(new Error('Nobody signs here')),
  });
});
afterEach(async () => {
  sts.destroy();
  await server[Symbol.asyncDispose]();
  await issuer[Symbol.asyncDispose]();
});

const subject = 'system:serviceaccount:harbor:pilot';
const host = () => issuer.url.replace('https://', '');
const providerArn = `arn:aws:iam::${accountId}:oidc-provider/127.0.0.1/fleet`;
const register = (more: object = {}) =>
  server.iam.createOpenIDConnectProvider({
    ...{ Url: issuer.url, ClientIDList: ['sts.amazonaws.com'], ThumbprintList: [issuer.thumbprint] },
    ...more,
  });
const trusting = (more: object = {}) => ({
  ...{ Effect: 'Allow', Principal: { Federated: providerArn }, Action: 'sts:AssumeRoleWithWebIdentity' },
  ...more,
});
function claims(bent: JWTPayload = {}): JWTPayload {
  const now = Math.floor(server.clock.now() / 1000);
  return { iss: issuer.url, sub: subject, aud: 'sts.amazonaws.com', iat: now, exp: now + 600, ...bent };
}
const assumeWith = (WebIdentityToken: string, more: object = {}) =>
  sts.assumeRoleWithWebIdentity({
    ...{ RoleArn: roleArn('Pilot'), RoleSessionName: 'watch', WebIdentityToken },
    ...more,
  });
const assume = async (bent: JWTPayload = {}, more: object = {}) =>
  assumeWith(await issuer.token(claims(bent)), more);

describe('AssumeRoleWithWebIdentity', () => {
  it("gives a role's session for a token, to callers who sign nothing", async () => {
    await register();
    const Condition = {
      StringEquals: { [`${host()}:sub`]: subject, [`${host()}:aud`]: 'sts.amazonaws.com' },
    };
    await makeRole(server, 'Pilot', [trusting({ Condition })], {
      may: [
        allow('iam:ListUsers', { Condition: { StringEquals: { 'aws:FederatedProvider': providerArn } } }),
      ],
    });
    const { Credentials, ...answer } = await assume();
    expect(answer).toMatchObject({
      SubjectFromWebIdentityToken: subject,
      ...{ Audience: 'sts.amazonaws.com', Provider: issuer.url },
      AssumedRoleUser: { Arn: `arn:aws:sts::${accountId}:assumed-role/Pilot/watch` },
    });
    const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = Credentials ?? {};
    const session = server.as({
      ...{ accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken },
    });
    await session.iam.listUsers({});
    await assume({}, { Policy: policy(allow('*')), DurationSeconds: 900 });
    await expect(assume({}, { DurationSeconds: 3601 })).rejects.toThrow('exceeds the MaxSessionDuration');
  });

  it('lets the trust policy decide by what the token says', async () => {
    await register({ ClientIDList: ['sts.amazonaws.com', 'other'] });
    const denied = {
      name: 'AccessDenied',
      message: 'Not authorized to perform sts:AssumeRoleWithWebIdentity',
    };
    await expect(assume()).rejects.toMatchObject(denied);
    const Condition = {
      StringEquals: { [`${host()}:aud`]: 'sts.amazonaws.com', 'sts:RoleSessionName': 'watch' },
      StringLike: { [`${host()}:sub`]: 'system:serviceaccount:harbor:*' },
    };
    await makeRole(server, 'Pilot', [trusting({ Condition })]);
    await assume();
    await expect(assume({ sub: 'system:serviceaccount:lagoon:pilot' })).rejects.toMatchObject(denied);
    await expect(assume({ aud: 'other' })).rejects.toMatchObject(denied);
    await expect(assume({}, { RoleSessionName: 'other' })).rejects.toMatchObject(denied);
    await assume({ aud: ['x', 'y'], azp: 'sts.amazonaws.com' });
    await makeRole(server, 'Elsewhere', [
      trusting({ Principal: { Federated: `arn:aws:iam::${accountId}:oidc-provider/example.com` } }),
    ]);
    await expect(assume({}, { RoleArn: roleArn('Elsewhere') })).rejects.toMatchObject(denied);
  });

  it('takes tags and source identity from the token, where the role lets them be set', async () => {
    await register();
    const tagged = {
      'https://aws.amazon.com/tags': { principal_tags: { team: ['sea'] }, transitive_tag_keys: ['team'] },
      'https://aws.amazon.com/source_identity': 'ada',
    };
    await makeRole(server, 'Pilot', [trusting()]);
    await expect(assume(tagged)).rejects.toThrow('Not authorized to perform sts:TagSession');
    const Action = ['sts:AssumeRoleWithWebIdentity', 'sts:TagSession', 'sts:SetSourceIdentity'];
    const Condition = { StringEquals: { 'aws:RequestTag/team': 'sea', 'sts:SourceIdentity': 'ada' } };
    await makeRole(server, 'Mate', [trusting({ Action, Condition })]);
    const { SourceIdentity } = await assume(tagged, { RoleArn: roleArn('Mate') });
    expect(SourceIdentity).toBe('ada');
    await expect(assume({}, { RoleArn: roleArn('Mate') })).rejects.toMatchObject({ name: 'AccessDenied' });
  });
});

describe('a token is refused', () => {
  const invalid = (message: string) => ({ name: 'InvalidIdentityTokenException', message });
  beforeEach(async () => {
    await register();
    await makeRole(server, 'Pilot', [trusting()]);
  });

  it('that is none, or lacks what it must say', async () => {
    await expect(assumeWith('not-a-token')).rejects.toMatchObject(
      invalid(
        'The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)',
      ),
    );
    for (const claim of ['sub', 'aud', 'exp', 'iat', 'iss']) {
      await expect(assume({ [claim]: undefined })).rejects.toMatchObject(
        invalid(`Missing a required claim: ${claim}`),
      );
    }
  });

  it.each([
    ['of another issuer', () => 'https://example.com'],
    ['of another path', () => `${issuer.url}/other`],
    ['of another port', () => 'https://127.0.0.1:1/fleet'],
    ['of plain http', () => issuer.url.replace('https', 'http')],
  ])('%s', async (_what, iss) => {
    await expect(assume({ iss: iss() })).rejects.toMatchObject(
      invalid(`No OpenIDConnect provider found in your account for ${iss()}`),
    );
  });

  it('signed by another key, and read anew only once in a while where the key is unknown', async () => {
    const forged = { ...(await newSigningKey('key-0')) };
    await expect(assumeWith(await issuer.token(claims(), forged))).rejects.toMatchObject(
      invalid('Token signature invalid'),
    );
    const unknown = await newSigningKey('key-9');
    const lost = {
      name: 'InvalidIdentityTokenException',
      message: expect.stringContaining("Couldn't retrieve verification key from your identity provider"),
    };
    for (let n = 0; n < 3; n++) {
      await expect(assumeWith(await issuer.token(claims(), unknown))).rejects.toMatchObject(lost);
    }
    expect(issuer.asked.filter((path) => path === '/keys')).toHaveLength(1);
    const next = await issuer.rotate();
    await server.clock.advance(30_000);
    await assumeWith(await issuer.token(claims(), next));
    expect(issuer.asked.filter((path) => path === '/keys')).toHaveLength(2);
  });

  it('without a signature', async () => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const unsigned = `${part({ alg: 'none' })}.${part(claims())}.`;
    await expect(assumeWith(unsigned)).rejects.toMatchObject({ name: 'InvalidIdentityTokenException' });
  });

  it('out of its time', async () => {
    const now = Math.floor(server.clock.now() / 1000);
    await expect(assume({ exp: now - 1 })).rejects.toMatchObject({
      name: 'ExpiredTokenException',
      message: `Token expired: current date/time ${now} must be before the expiration date/time ${now - 1}`,
    });
    await expect(assume({ nbf: now + 400 })).rejects.toThrow('Token is not valid yet');
    await assume({ iat: now + 200 });
  });

  it('for a client that the account does not know', async () => {
    await expect(assume({ aud: 'somebody' })).rejects.toMatchObject(invalid('Incorrect token audience'));
    await server.iam.addClientIDToOpenIDConnectProvider({
      ...{ OpenIDConnectProviderArn: providerArn, ClientID: 'somebody' },
    });
    await assume({ aud: 'somebody' });
  });

  it('of an issuer whose certificate bears another thumbprint', async () => {
    await server.iam.updateOpenIDConnectProviderThumbprint({
      ...{ OpenIDConnectProviderArn: providerArn, ThumbprintList: ['0'.repeat(40)] },
    });
    await expect(assume()).rejects.toMatchObject(
      invalid("OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint"),
    );
  });

  it.each<[string, string, unknown]>([
    ['redirects', '/keys', 302],
    ['fails', '/fleet/.well-known/openid-configuration', 500],
    ['is not JSON', '/keys', '<html>'],
    ['is too large', '/keys', `"${'x'.repeat(300_000)}"`],
    [
      'names keys over plain http',
      '/fleet/.well-known/openid-configuration',
      { jwks_uri: 'http://127.0.0.1:1/' },
    ],
  ])('whose issuer %s', async (_what, path, document) => {
    const before = issuer.documents.get(path);
    issuer.documents.set(path, document);
    await expect(assume()).rejects.toMatchObject({ name: 'IDPCommunicationErrorException' });
    issuer.documents.set(path, before);
    await assume();
  });
});

it('No other operation goes without a signature', async () => {
  const ask = (body: string) =>
    fetch(server.endpoint, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
  const without = await ask('Action=GetCallerIdentity&Version=2011-06-15');
  expect(without.status).toBe(403);
  expect(await without.text()).toContain('<Code>MissingAuthenticationToken</Code>');
  const saml = await ask('Action=AssumeRoleWithSAML&Version=2011-06-15');
  expect(await saml.text()).toContain('AssumeRoleWithSAML is not supported by this version of Catamaran yet');
});
