import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { signerOf } from '../../gateway/testing/signing.ts';
import { accountId, type IamServer, startIamServer } from './testing/crew.ts';

let server: IamServer;
beforeEach(async () => {
  server = await startIamServer();
});
afterEach(() => server[Symbol.asyncDispose]());

const cluster = 'harbor';

/** As `aws eks get-token` makes it: the presigned URL of a GetCallerIdentity, bound to a cluster by a header. */
async function token(key = server.rootKey): Promise<string> {
  const { hostname, port, host } = new URL(server.endpoint);
  const signed = await signerOf('sts', key, 'eu-west-1').presign(
    {
      ...{ method: 'GET', protocol: 'http:', hostname, port: Number(port), path: '/' },
      query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
      headers: { host, 'x-k8s-aws-id': cluster },
    },
    {
      expiresIn: 60,
      signingDate: new Date(server.clock.now()),
      unhoistableHeaders: new Set(['x-k8s-aws-id']),
    },
  );
  const query = new URLSearchParams(signed.query as Record<string, string>);
  return `k8s-aws-v1.${Buffer.from(`${server.endpoint}/?${query}`).toString('base64url')}`;
}

/** As an authenticator asks whose the token is. */
function replay(given: string, id = cluster): Promise<Response> {
  const url = Buffer.from(given.slice('k8s-aws-v1.'.length), 'base64url').toString('utf8');
  expect(new URL(url).searchParams.get('X-Amz-SignedHeaders')).toBe('host;x-k8s-aws-id');
  return fetch(url, { headers: { accept: 'application/json', 'x-k8s-aws-id': id } });
}

describe('the token of an EKS cluster', () => {
  it('is answered in JSON with who made it', async () => {
    const answer = await replay(await token());
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(await answer.json()).toEqual({
      GetCallerIdentityResponse: {
        GetCallerIdentityResult: {
          ...{ Account: accountId, Arn: `arn:aws:iam::${accountId}:root`, UserId: accountId },
        },
        ResponseMetadata: { RequestId: answer.headers.get('x-amzn-requestid') },
      },
    });
  });

  it('is worth nothing for another cluster, after its minute, and from another secret', async () => {
    const given = await token();
    const other = await replay(given, 'lagoon');
    expect(other.status).toBe(403);
    expect(await other.json()).toEqual({
      Error: {
        ...{ Type: 'Sender', Code: 'SignatureDoesNotMatch' },
        Message: expect.stringContaining('does not match the signature you provided'),
      },
      RequestId: other.headers.get('x-amzn-requestid'),
    });
    const forged = await replay(await token({ ...server.rootKey, secretAccessKey: 'guessed' }));
    expect(forged.status).toBe(403);
    await server.clock.advance(61_000);
    expect((await replay(given)).status).toBe(403);
  });
});
