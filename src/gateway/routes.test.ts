import { describe, expect, it } from 'vitest';
import { Refusal } from '../protocols/index.ts';
import type { Route } from './route.ts';
import { send, sendSigned } from './testing/sending.ts';
import { accountId, openTestGateway } from './testing/test-gateway.ts';

describe("the installation's own routes", () => {
  const routes = [
    {
      isSigned: true,
      method: 'POST',
      path: '/_catamaran/instances/{id}',
      action: 'catamaran:AddInstance',
      handle: ({ labels, query, body }, call) => ({
        status: 201,
        body: { id: labels.get('id'), cluster: query.get('cluster'), body, caller: call.principal.arn },
      }),
    },
    {
      isSigned: true,
      method: 'GET',
      path: '/_catamaran/failing',
      action: 'catamaran:Fail',
      handle: () => {
        throw new Refusal('InstanceNotFound', 'No such instance', { status: 404 });
      },
    },
    {
      isSigned: true,
      method: 'GET',
      path: '/_catamaran/forbidden',
      action: 'ecs:Forbidden',
      handle: () => ({ status: 200, body: {} }),
    },
    {
      isSigned: true,
      signingName: 'ssmmessages',
      method: 'POST',
      path: '/v1/data-channel/{id}',
      action: 'ssmmessages:CreateDataChannel',
      handle: ({ labels }) => ({ status: 201, xml: `<Id>${labels.get('id')}</Id>` }),
    },
    {
      isSigned: false,
      method: 'GET',
      path: '/_catamaran/health',
      handle: () => ({ status: 200, body: { ok: true } }),
    },
  ] as const satisfies readonly Route[];

  it('answer who signed for the service catamaran', async () => {
    await using gateway = await openTestGateway({ routes });
    const answer = await sendSigned(gateway, {
      service: 'catamaran',
      path: '/_catamaran/instances/a%20b',
      query: { cluster: 'c d' },
      body: '{"cpu":1}',
    });
    expect(answer.status).toBe(201);
    expect(JSON.parse(answer.text)).toEqual({
      id: 'a b',
      cluster: 'c d',
      body: { cpu: 1 },
      caller: `arn:aws:iam::${accountId}:root`,
    });
  });

  it.each([
    ['GET', '/_catamaran/failing', 'catamaran', '', 404, 'InstanceNotFound'],
    ['GET', '/_catamaran/forbidden', 'catamaran', '', 403, 'AccessDeniedException'],
    ['GET', '/_catamaran/nowhere', 'catamaran', '', 404, 'NotFound'],
    ['POST', '/_catamaran/instances/a', 'ecs', '', 403, 'InvalidSignatureException'],
    ['POST', '/_catamaran/instances/a', 'catamaran', '{', 400, 'SerializationException'],
  ])('refuse %s %s signed for %s with body %j', async (method, path, service, body, status, code) => {
    await using gateway = await openTestGateway({ routes });
    const answer = await sendSigned(gateway, { service, method, path, body });
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.text)).toMatchObject({ __type: code });
  });

  it('answer in XML, and to signatures for another service, where they say so', async () => {
    await using gateway = await openTestGateway({ routes });
    const request = { method: 'POST', path: '/v1/data-channel/a%3Ab', body: '{}' };
    const answer = await sendSigned(gateway, { ...request, service: 'ssmmessages' });
    expect([answer.status, answer.text]).toEqual([201, '<Id>a:b</Id>']);
    expect((await sendSigned(gateway, { ...request, service: 'catamaran' })).status).toBe(403);
  });

  it('need a signature unless they say otherwise', async () => {
    await using gateway = await openTestGateway({ routes });
    expect((await send(gateway, { path: '/_catamaran/instances/a' })).status).toBe(403);
    expect(JSON.parse((await send(gateway, { method: 'GET', path: '/_catamaran/health' })).text)).toEqual({
      ok: true,
    });
  });
});
