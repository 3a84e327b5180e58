import { describe, expect, it } from 'vitest';
import { send, sendSigned, target } from './testing/sending.ts';
import { headOf, httpRequest, signerOf } from './testing/signing.ts';
import { accountId, openTestGateway } from './testing/test-gateway.ts';

describe('the gateway answers raw requests', () => {
  it.each([
    ['malformed JSON', 'ListClusters', '{', 'SerializationException', 400],
    ['a mistyped member', 'CreateCluster', '{"clusterName":5}', 'SerializationException', 400],
    ['a missing member', 'DescribeTasks', '{}', 'InvalidParameterException', 400],
    ['an unknown operation', 'Nope', '{}', 'UnknownOperationException', 400],
  ])('%s', async (_what, operation, body, code, status) => {
    await using gateway = await openTestGateway();
    const answer = await sendSigned(gateway, { headers: target(operation), body });
    expect(answer.status).toBe(status);
    expect(answer.headers).toMatchObject({
      'content-type': 'application/x-amz-json-1.1',
      'x-amzn-requestid': expect.any(String),
    });
    expect(JSON.parse(answer.text)).toMatchObject({ __type: code, message: expect.any(String) });
  });

  it('a body over the limit, by its length or by how it flows', async () => {
    await using gateway = await openTestGateway();
    const tooLarge = 'x'.repeat(1024 * 1024 + 1);
    const byLength = await sendSigned(gateway, { headers: target('CreateCluster'), body: tooLarge });
    expect(byLength.status).toBe(413);
    expect(JSON.parse(byLength.text)).toMatchObject({ __type: 'RequestEntityTooLargeException' });
    const headers = { 'transfer-encoding': 'chunked' };
    const flowing = await sendSigned(gateway, {
      headers: { ...target('CreateCluster'), ...headers },
      body: tooLarge,
    });
    expect(flowing.status).toBe(413);
  });

  it('a body within the limit', async () => {
    await using gateway = await openTestGateway();
    const clusterName = 'x'.repeat(1024 * 1024 - 100);
    const answer = await sendSigned(gateway, {
      headers: target('CreateCluster'),
      body: JSON.stringify({ clusterName }),
    });
    expect(JSON.parse(answer.text)).toEqual({ cluster: { clusterName } });
  });

  it.each([
    [
      'awsJson without a signature',
      { headers: target('ListClusters'), body: '{}' },
      403,
      '"__type":"MissingAuthenticationTokenException"',
    ],
    ['nothing at all', { method: 'GET' }, 404, 'set AWS_ENDPOINT_URL to this address'],
    ['an unknown path', { method: 'GET', path: '/favicon.ico' }, 404, 'Nothing answers GET /favicon.ico'],
    [
      'an unknown form',
      { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'Action=X&Version=1' },
      404,
      '<Code>NotFound</Code>',
    ],
    [
      'another scheme',
      { headers: { ...target('ListClusters'), authorization: 'Basic eDp5' }, body: '{}' },
      400,
      '"__type":"IncompleteSignatureException"',
    ],
    [
      'another scheme on no service',
      { headers: { authorization: 'Basic eDp5' } },
      403,
      '"__type":"IncompleteSignatureException"',
    ],
  ])('%s', async (_what, request, status, text) => {
    await using gateway = await openTestGateway();
    const answer = await send(gateway, request);
    expect(answer.status).toBe(status);
    expect(answer.text).toContain(text);
  });

  it('for a service that is not on offer, naming those that are', async () => {
    await using gateway = await openTestGateway();
    const answer = await sendSigned(gateway, { service: 's3', method: 'GET', path: '/bucket' });
    expect(answer.status).toBe(404);
    expect(JSON.parse(answer.text)).toEqual({
      __type: 'UnknownServiceException',
      message: 'Catamaran does not offer the service s3. It offers: ecs.',
    });
  });

  it('in the protocol of the service that a query request means', async () => {
    await using gateway = await openTestGateway({
      services: [
        {
          signingName: 'sts',
          loadSdk: () => import('@aws-sdk/client-sts'),
          loadOperations: async () => ({
            GetCallerIdentity: {
              action: 'sts:GetCallerIdentity',
              resources: () => ['*'],
              run: () => ({ Account: accountId }),
            },
          }),
        },
      ],
    });
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const body = 'Action=GetCallerIdentity&Version=2011-06-15';
    const unsigned = await send(gateway, { headers, body });
    expect(unsigned.status).toBe(403);
    expect(unsigned.text).toContain('<Type>Sender</Type><Code>MissingAuthenticationToken</Code>');
    const signed = await sendSigned(gateway, { service: 'sts', headers, body });
    expect(signed.text).toContain(
      `<GetCallerIdentityResult><Account>${accountId}</Account></GetCallerIdentityResult>`,
    );
    const wrongTime = await sendSigned(gateway, {
      service: 'sts',
      headers: { ...headers, 'x-amz-security-token': 'x' },
      body,
    });
    expect(wrongTime.text).toContain('<Code>InvalidClientTokenId</Code>');
    const request = {
      method: 'GET',
      path: '/',
      query: Object.fromEntries(new URLSearchParams(body)),
      headers: { host: `127.0.0.1:${gateway.port}` },
      body: '',
    };
    const { path, query } = headOf(await signerOf('sts').presign(httpRequest(request), { expiresIn: 60 }));
    const presigned = await send(gateway, { method: 'GET', path: `${path}?${query}` });
    expect(presigned.text).toContain(`<Account>${accountId}</Account>`);
  });
});
