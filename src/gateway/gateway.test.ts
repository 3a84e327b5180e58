import { request as httpRequestTo } from 'node:http';
import { connect } from 'node:net';
import * as ecs from '@aws-sdk/client-ecs';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../clock/index.ts';
import { Refusal } from '../protocols/index.ts';
import { headOf, httpRequest, signerOf, testCredentials } from './testing/signing.ts';
import { accountId, openTestGateway, type TestGateway } from './testing/test-gateway.ts';

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

function send(
  { port }: TestGateway,
  options: { method?: string; path?: string; headers?: Record<string, string>; body?: string | Buffer } = {},
): Promise<Answer> {
  const { method = 'POST', path = '/', headers = {}, body = '' } = options;
  return new Promise((resolve, reject) => {
    const outgoing = httpRequestTo(
      { port, host: '127.0.0.1', method, path, headers, agent: false },
      (incoming) => {
        let text = '';
        incoming.setEncoding('utf8');
        incoming.on('data', (chunk: string) => {
          text += chunk;
        });
        incoming.on('end', () =>
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text }),
        );
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

async function sendSigned(
  gateway: TestGateway,
  options: {
    service?: string;
    method?: string;
    path?: string;
    query?: Record<string, string>;
    headers?: Record<string, string>;
    body?: string;
  },
): Promise<Answer> {
  const { service = 'ecs', method = 'POST', path = '/', query = {}, headers = {}, body = '' } = options;
  const unsigned = { method, path, query, body, headers: { ...headers, host: `127.0.0.1:${gateway.port}` } };
  const signed = await signerOf(service).sign(httpRequest(unsigned));
  const { query: text } = headOf(signed);
  return send(gateway, {
    method,
    path: text === '' ? path : `${path}?${text}`,
    headers: signed.headers,
    body,
  });
}

const target = (operation: string): Record<string, string> => ({
  'content-type': 'application/x-amz-json-1.1',
  'x-amz-target': `AmazonEC2ContainerServiceV20141113.${operation}`,
});

describe('the gateway answers the SDK', () => {
  it('with the output of the operation, its caller, region and a request id', async () => {
    await using gateway = await openTestGateway();
    const answer = await gateway.ecs().send(new ecs.ListClustersCommand({}));
    expect(answer.clusterArns).toEqual([`arn:aws:ecs:us-east-1:${accountId}:cluster/default`]);
    expect(answer.$metadata.requestId).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
  });

  it('with the refusal that the operation threw', async () => {
    await using gateway = await openTestGateway();
    const sent = gateway.ecs().send(new ecs.DescribeTasksCommand({ tasks: ['a'] }));
    await expect(sent).rejects.toBeInstanceOf(ecs.ClusterNotFoundException);
    await expect(sent).rejects.toMatchObject({
      message: 'Cluster not found.',
      $metadata: { httpStatusCode: 400 },
    });
  });

  it('with a refusal by name of what is not built', async () => {
    await using gateway = await openTestGateway();
    const { UnsupportedFeatureException } = ecs;
    await expect(gateway.ecs().send(new ecs.RunTaskCommand({ taskDefinition: 'a' }))).rejects.toThrow(
      new UnsupportedFeatureException({
        message: 'RunTask is not supported by this version of Catamaran yet: it comes later.',
        $metadata: {},
      }).message,
    );
    await expect(gateway.ecs().send(new ecs.ListTasksCommand({}))).rejects.toBeInstanceOf(
      UnsupportedFeatureException,
    );
  });

  it('with what authorisation says', async () => {
    await using gateway = await openTestGateway();
    await expect(gateway.ecs().send(new ecs.DeleteClusterCommand({ cluster: 'a' }))).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: `User: arn:aws:iam::${accountId}:root is not authorized to perform: ecs:DeleteCluster`,
      $metadata: { httpStatusCode: 403 },
    });
  });

  it('with an internal failure that tells nothing, and everything to the log', async () => {
    await using gateway = await openTestGateway();
    const error = await gateway
      .ecs()
      .send(new ecs.StopTaskCommand({ task: 'a' }))
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ecs.ServerException);
    expect(error).toMatchObject({ $metadata: { httpStatusCode: 500 } });
    expect(JSON.stringify(error)).not.toContain('hunter2');
    const answer = await sendSigned(gateway, { headers: target('StopTask'), body: '{"task":"a"}' });
    expect(answer.status).toBe(500);
    expect(answer.text).not.toContain('hunter2');
    expect(gateway.logged).toHaveLength(2);
    expect(gateway.logged[0]).toMatchObject({
      service: 'ecs',
      operation: 'StopTask',
      requestId: (error as ecs.ServerException).$metadata.requestId,
      err: new Error('the database password is hunter2'),
    });
  });

  it('with an internal failure when an output does not fit its schema', async () => {
    const operations = {
      ListClusters: { action: 'ecs:ListClusters', resources: () => ['*'], run: () => ({ clusterArns: 5 }) },
    };
    await using gateway = await openTestGateway({ operations });
    await expect(gateway.ecs().send(new ecs.ListClustersCommand({}))).rejects.toBeInstanceOf(
      ecs.ServerException,
    );
    expect(gateway.logged[0]).toMatchObject({
      err: { message: 'Cannot write clusterArns: number does not fit its schema' },
    });
  });

  it.each([
    [
      'another secret',
      { secretAccessKey: 'other' },
      'InvalidSignatureException',
      'The request signature we calculated does not match',
    ],
    [
      'an unknown key',
      { accessKeyId: 'AKIDNOBODY' },
      'UnrecognizedClientException',
      'The security token included in the request is invalid.',
    ],
  ])('who signs with %s, with what is wrong', async (_what, credentials, name, message) => {
    await using gateway = await openTestGateway();
    const sent = gateway.ecs(credentials).send(new ecs.ListClustersCommand({}));
    await expect(sent).rejects.toMatchObject({ name, message: expect.stringContaining(message) });
  });

  it('whose clock is off, in the words that tell it', async () => {
    const clock = new VirtualClock(Date.UTC(2020, 0, 1));
    await using gateway = await openTestGateway({ clock });
    await expect(gateway.ecs().send(new ecs.ListClustersCommand({}))).rejects.toThrow(
      'Signature not yet current',
    );
  });

  it('of many at once, loading the service once', async () => {
    let loads = 0;
    await using gateway = await openTestGateway({
      services: [
        {
          signingName: 'ecs',
          loadSdk: () => {
            loads += 1;
            return import('@aws-sdk/client-ecs');
          },
          loadOperations: async () => ({
            ListClusters: {
              action: 'ecs:ListClusters',
              resources: () => ['*'],
              run: () => ({ clusterArns: ['a'] }),
            },
          }),
        },
      ],
    });
    const client = gateway.ecs();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => client.send(new ecs.ListClustersCommand({}))),
    );
    expect(answers.map((answer) => answer.clusterArns)).toEqual(Array.from({ length: 20 }, () => ['a']));
    expect(new Set(answers.map((answer) => answer.$metadata.requestId)).size).toBe(20);
    expect(loads).toBe(1);
  });

  it('again after a service could not be loaded', async () => {
    let isBroken = true;
    await using gateway = await openTestGateway({
      services: [
        {
          signingName: 'ecs',
          loadSdk: () => import('@aws-sdk/client-ecs'),
          loadOperations: async () => {
            if (isBroken) throw new Error('no such file');
            return { ListClusters: { action: 'ecs:ListClusters', resources: () => ['*'], run: () => ({}) } };
          },
        },
      ],
    });
    await expect(gateway.ecs().send(new ecs.ListClustersCommand({}))).rejects.toMatchObject({
      $metadata: { httpStatusCode: 500 },
    });
    isBroken = false;
    await expect(gateway.ecs().send(new ecs.ListClustersCommand({}))).resolves.toBeDefined();
  });
});

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
      isSigned: false,
      method: 'GET',
      path: '/_catamaran/health',
      handle: () => ({ status: 200, body: { ok: true } }),
    },
  ] as const satisfies readonly import('./route.ts').Route[];

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

  it('need a signature unless they say otherwise', async () => {
    await using gateway = await openTestGateway({ routes });
    expect((await send(gateway, { path: '/_catamaran/instances/a' })).status).toBe(403);
    expect(JSON.parse((await send(gateway, { method: 'GET', path: '/_catamaran/health' })).text)).toEqual({
      ok: true,
    });
  });
});

describe('the gateway and its connections', () => {
  it('aborts the call of a client that goes away', async () => {
    const started = Promise.withResolvers<AbortSignal>();
    const operations = {
      ListClusters: {
        action: 'ecs:ListClusters',
        resources: () => ['*'],
        run: (_input: unknown, { signal }: { signal: AbortSignal }) =>
          new Promise<never>((_resolve, reject) => {
            signal.addEventListener('abort', () => reject(signal.reason));
            started.resolve(signal);
          }),
      },
    };
    await using gateway = await openTestGateway({ operations });
    const leaving = new AbortController();
    const sent = gateway.ecs().send(new ecs.ListClustersCommand({}), { abortSignal: leaving.signal });
    const signal = await started.promise;
    const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    leaving.abort();
    await expect(sent).rejects.toThrow();
    await aborted;
    expect(gateway.logged).toEqual([]);
  });

  it('lets requests under way end when it closes, and takes no more', async () => {
    const finish = Promise.withResolvers<void>();
    const started = Promise.withResolvers<void>();
    const operations = {
      ListClusters: {
        action: 'ecs:ListClusters',
        resources: () => ['*'],
        run: async () => {
          started.resolve();
          await finish.promise;
          return { clusterArns: ['late'] };
        },
      },
    };
    await using gateway = await openTestGateway({ operations });
    const sent = gateway.ecs().send(new ecs.ListClustersCommand({}));
    await started.promise;
    const closed = gateway.gateway.close();
    await expect(send(gateway)).rejects.toThrow('ECONNREFUSED');
    finish.resolve();
    await expect(sent).resolves.toMatchObject({ clusterArns: ['late'] });
    await closed;
    expect(gateway.gateway.address).toBeUndefined();
  });

  it('aborts what is still under way at the deadline of its closing', async () => {
    const started = Promise.withResolvers<AbortSignal>();
    const operations = {
      ListClusters: {
        action: 'ecs:ListClusters',
        resources: () => ['*'],
        run: (_input: unknown, { signal }: { signal: AbortSignal }) =>
          new Promise<never>((_resolve, reject) => {
            signal.addEventListener('abort', () => reject(signal.reason));
            started.resolve(signal);
          }),
      },
    };
    await using gateway = await openTestGateway({ operations, limits: { closeDeadlineMs: 20 } });
    const sent = gateway
      .ecs()
      .send(new ecs.ListClustersCommand({}))
      .catch((error: unknown) => error);
    const signal = await started.promise;
    await gateway.gateway.close();
    expect(signal.reason).toEqual(new Error('Catamaran is stopping'));
    expect(await sent).toBeInstanceOf(Error);
  });

  it('hangs up on a sender whose headers never end', async () => {
    await using gateway = await openTestGateway({ limits: { headersTimeoutMs: 50, requestTimeoutMs: 100 } });
    const text = await new Promise<string>((resolve, reject) => {
      let received = '';
      const socket = connect(gateway.port, '127.0.0.1', () => socket.write('POST / HTTP/1.1\r\nHost: x\r\n'));
      socket.on('data', (chunk) => {
        received += chunk.toString();
      });
      socket.on('close', () => resolve(received));
      socket.on('error', reject);
    });
    expect(text).toMatch(/^HTTP\/1.1 408/);
  });

  it('says so when the address is taken', async () => {
    await using gateway = await openTestGateway();
    const second = openTestGateway().then(async (other) => {
      await using third = other;
      await third.gateway.close();
      await third.gateway.listen({ host: '127.0.0.1', port: gateway.port });
    });
    await expect(second).rejects.toThrow(
      `Cannot listen on 127.0.0.1:${gateway.port}: another process listens there`,
    );
  });
});

describe('WebSocket upgrades', () => {
  const upgrade = (gateway: TestGateway, path: string, headers: Record<string, string>): Promise<string> =>
    new Promise((resolve, reject) => {
      let received = '';
      const lines = Object.entries({ ...headers, connection: 'upgrade', upgrade: 'websocket' });
      const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
      const socket = connect(gateway.port, '127.0.0.1', () =>
        socket.write(`GET ${path} HTTP/1.1\r\n${head}\r\n`),
      );
      socket.on('data', (chunk) => {
        received += chunk.toString();
      });
      socket.on('close', () => resolve(received));
      socket.on('error', reject);
    });
  const signedHeaders = async (
    gateway: TestGateway,
    path: string,
    service = 'ecs',
  ): Promise<Record<string, string>> => {
    const [pathname = '', query = ''] = path.split('?');
    const request = {
      method: 'GET',
      path: pathname,
      query: Object.fromEntries(new URLSearchParams(query)),
      headers: { host: `127.0.0.1:${gateway.port}` },
      body: '',
    };
    return (await signerOf(service).sign(httpRequest(request))).headers;
  };
  const upgrades = [
    {
      path: '/ws',
      action: 'ecs:Poll',
      accept: (request, socket, _head, call) => {
        socket.end(
          `HTTP/1.1 101 Switching Protocols\r\n\r\n${request.url} ${call.principal.arn} ${call.region}`,
        );
      },
    },
    { path: '/forbidden', action: 'ecs:Forbidden', accept: (_request, socket) => socket.destroy() },
    {
      path: '/open',
      action: 'ecs:Poll',
      accept: (_request, socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n'),
    },
  ] as const satisfies readonly import('../services/service.ts').Upgrade[];

  it('reach the service when signed and allowed', async () => {
    await using gateway = await openTestGateway({ upgrades });
    const path = '/ws?cluster=default&seqNum=1';
    const text = await upgrade(gateway, path, await signedHeaders(gateway, path));
    expect(text).toContain('101 Switching Protocols');
    expect(text).toContain(`${path} arn:aws:iam::${accountId}:root us-east-1`);
  });

  it('are refused with an HTTP answer otherwise', async () => {
    await using gateway = await openTestGateway({ upgrades });
    const host = { host: `127.0.0.1:${gateway.port}` };
    expect(await upgrade(gateway, '/ws', host)).toMatch(
      /^HTTP\/1.1 403 Forbidden[^]*"__type":"MissingAuthenticationTokenException"/,
    );
    expect(await upgrade(gateway, '/forbidden', await signedHeaders(gateway, '/forbidden'))).toMatch(
      /^HTTP\/1.1 403 [^]*"__type":"AccessDeniedException"/,
    );
    expect(await upgrade(gateway, '/ws', await signedHeaders(gateway, '/ws', 'sts'))).toMatch(
      /^HTTP\/1.1 400 [^]*"__type":"InvalidSignatureException"/,
    );
    expect(await upgrade(gateway, '/nowhere', host)).toMatch(/^HTTP\/1.1 404 Not Found/);
    expect(gateway.logged).toEqual([]);
  });

  it('end when the gateway closes', async () => {
    await using gateway = await openTestGateway({ upgrades });
    const opened = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    const headers = Object.entries({
      ...(await signedHeaders(gateway, '/open')),
      connection: 'upgrade',
      upgrade: 'websocket',
    });
    const socket = connect(gateway.port, '127.0.0.1', () =>
      socket.write(
        `GET /open HTTP/1.1\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`,
      ),
    );
    socket.on('data', () => opened.resolve());
    socket.on('close', () => ended.resolve());
    await opened.promise;
    await gateway.gateway.close();
    await ended.promise;
  });
});

it('keeps the secret out of everything it answers and logs', async () => {
  await using gateway = await openTestGateway();
  await gateway
    .ecs({ secretAccessKey: 'another-secret' })
    .send(new ecs.ListClustersCommand({}))
    .catch(() => undefined);
  const answer = await sendSigned(gateway, { headers: target('StopTask'), body: '{"task":"a"}' });
  for (const text of [answer.text, JSON.stringify(gateway.logged)])
    expect(text).not.toContain(testCredentials.secretAccessKey);
});
