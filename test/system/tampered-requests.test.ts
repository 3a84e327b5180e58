import { Agent } from 'node:http';
import type { HttpRequest } from '@smithy/types';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Random, seededRandom } from '../../src/clock/index.ts';
import { headOf, httpRequest, signerOf, type Unsigned } from '../../src/gateway/testing/signing.ts';
import { issueSession } from '../../src/services/iam/credentials/session-token.ts';
import { accountId, type IamServer, startIamServer } from '../../src/services/iam/testing/iam-server.ts';
import { type RawAnswer, send } from '../raw-requests.ts';
import { type SentRequest, tamperings } from './tampering.ts';

/**
 * Whoever changes anything that a signature covers, or the signature, is not let in: of 20,000 requests that were right
 * until one thing in them was changed, each is refused in a word for it.
 */
const batches = 20;
const requestsPerBatch = 1_000;
const connectionCount = 8;

/** What a changed request may hear: in AWS's words for each protocol. */
const refusals = new Set([
  'AccessDenied',
  'ExpiredToken',
  'IncompleteSignature',
  'IncompleteSignatureException',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'MissingAuthenticationToken',
  'MissingAuthenticationTokenException',
  'NotFound',
  'SignatureDoesNotMatch',
  'UnknownServiceException',
  'UnrecognizedClientException',
]);

interface Key {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

let server: IamServer;
let longTerm: Key;
let temporary: Key;
const agent = new Agent({ keepAlive: true, maxSockets: connectionCount });

beforeAll(async () => {
  server = await startIamServer();
  const { User } = await server.iam.createUser({ UserName: 'ada' });
  const all = { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: '*', Resource: '*' } };
  await server.iam.putUserPolicy({ UserName: 'ada', PolicyName: 'all', PolicyDocument: JSON.stringify(all) });
  longTerm = await makeKey();
  const issuedAt = server.clock.now();
  temporary = issueSession(server.context, {
    accountId,
    identity: { kind: 'user', userName: 'ada', userId: User?.UserId ?? '' },
    session: { issuedAt, expiresAt: issuedAt + 3_600_000 },
  });
});
afterAll(async () => {
  agent.destroy();
  await server[Symbol.asyncDispose]();
});

async function makeKey(): Promise<Key> {
  const { AccessKey } = await server.iam.createAccessKey({ UserName: 'ada' });
  return { accessKeyId: AccessKey?.AccessKeyId ?? '', secretAccessKey: AccessKey?.SecretAccessKey ?? '' };
}

const form = { 'content-type': 'application/x-www-form-urlencoded' };

/** Requests of every form that a signature has. */
const kinds: readonly ((random: Random, key: Key) => Promise<SentRequest>)[] = [
  // In a header, over a form.
  (random, key) =>
    signedInHeader('iam', key, {
      body: `Action=ListUsers&Version=2010-05-08&MaxItems=${1 + random.integer(900)}`,
    }),
  (random, key) =>
    signedInHeader('iam', key, {
      body: `Action=GetUser&Version=2010-05-08&UserName=ada`,
      headers: { ...form, 'x-amz-note': `n${random.integer(1e6)}` },
    }),
  // In a header, over a query.
  (_random, key) =>
    signedInHeader('sts', key, {
      method: 'GET',
      query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
      headers: {},
    }),
  // In the query, as tokens for Kubernetes are.
  async (random, key) => {
    const request = unsigned({
      method: 'GET',
      query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
      headers: { 'x-k8s-aws-id': `cluster-${random.integer(1000)}` },
    });
    const signed = await signerOf('sts', key).presign(httpRequest(request), {
      signingDate: new Date(server.clock.now()),
      expiresIn: 60,
      unhoistableHeaders: new Set(['x-k8s-aws-id']),
      signableHeaders: new Set(['x-k8s-aws-id', 'host']),
    });
    return sent(signed, '');
  },
];

function unsigned(bent: Partial<Unsigned>): Unsigned {
  const { host } = new URL(server.endpoint);
  const { headers = form, ...others } = bent;
  return { method: 'POST', path: '/', query: {}, body: '', ...others, headers: { ...headers, host } };
}

async function signedInHeader(service: string, key: Key, bent: Partial<Unsigned>): Promise<SentRequest> {
  const request = unsigned(bent);
  const signingDate = new Date(server.clock.now());
  return sent(await signerOf(service, key).sign(httpRequest(request), { signingDate }), request.body);
}

function sent(signed: HttpRequest, body: string): SentRequest {
  const { method, path, query, headers } = headOf(signed);
  const pairs =
    query === ''
      ? []
      : query.split('&').map((pair): [string, string] => {
          const equals = pair.indexOf('=');
          return [pair.slice(0, equals), pair.slice(equals + 1)];
        });
  return { method, path, query: pairs, headers: headers as Record<string, string>, body };
}

function ask({ method, path, query, headers, body }: SentRequest): Promise<RawAnswer> {
  const text = query.map(([name, value]) => `${name}=${value}`).join('&');
  // Node's client leaves it out where a method seldom has a body.
  const framed = { ...headers, 'content-length': String(Buffer.byteLength(body)) };
  return send(
    server.endpoint,
    { method, path: text === '' ? path : `${path}?${text}`, headers: framed, body },
    agent,
  );
}

/** The error's code, in whatever protocol. */
const codeOf = ({ text }: RawAnswer): string =>
  /<Code>([^<]*)</.exec(text)?.[1] ?? /"__type":\s*"([^"]*)"/.exec(text)?.[1] ?? text.slice(0, 200);

function request(random: Random): Promise<SentRequest> {
  const kind = kinds[random.integer(kinds.length)] ?? kinds[0];
  if (kind === undefined) throw new Error('There are no kinds');
  return kind(random, random.float() < 0.5 ? longTerm : temporary);
}

describe('a signed request', () => {
  it('is let in as it was signed, in every form', async () => {
    const random = seededRandom('untouched');
    for (const kind of kinds) {
      for (const key of [longTerm, temporary]) {
        const answer = await ask(await kind(random, key));
        expect(answer, answer.text).toMatchObject({ status: 200 });
      }
    }
  });

  it.each(Array.from({ length: batches }, (_, seed) => ({ seed })))(
    `is not let in with one thing changed, ${requestsPerBatch} times (seed $seed)`,
    async ({ seed }) => {
      const random = seededRandom(`tampered/${seed}`);
      const names = Object.keys(tamperings);
      const wrong: string[] = [];
      const tried = new Map<string, number>();
      let asked = 0;
      const worker = async (): Promise<void> => {
        while (asked < requestsPerBatch) {
          const name = names[random.integer(names.length)] ?? '';
          const changed = tamperings[name]?.(await request(random), random);
          if (changed === undefined) continue;
          asked += 1;
          tried.set(name, (tried.get(name) ?? 0) + 1);
          const answer = await ask(changed);
          if (answer.status < 400 || answer.status >= 500 || !refusals.has(codeOf(answer))) {
            wrong.push(`${name}: ${answer.status} ${codeOf(answer)} for ${JSON.stringify(changed)}`);
          }
        }
      };
      await Promise.all(Array.from({ length: connectionCount }, worker));
      expect(wrong.slice(0, 5)).toEqual([]);
      expect([...tried.keys()].sort()).toEqual([...names].sort());
    },
  );
});

describe('a request that was right', () => {
  const random = seededRandom('later');

  it('is not let in again when its time is over', async () => {
    const before = await Promise.all(kinds.map((kind) => kind(random, temporary)));
    await server.clock.advance(5 * 60_000 + 1_000);
    for (const request of before) {
      const answer = await ask(request);
      expect(answer.status, answer.text).toBe(403);
      expect(answer.text).toContain('Signature expired: ');
    }
  });

  it('is not let in before its time', async () => {
    const ahead = server.clock.now() + 5 * 60_000 + 1_000;
    const signed = await signerOf('iam', longTerm).sign(
      httpRequest(unsigned({ body: 'Action=ListUsers&Version=2010-05-08' })),
      { signingDate: new Date(ahead) },
    );
    const answer = await ask(sent(signed, 'Action=ListUsers&Version=2010-05-08'));
    expect(answer.text).toContain('Signature not yet current: ');
  });
});
