import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rootPrincipal } from '../services/service.ts';
import { parseSignature, type RequestHead, SignatureProblem } from './signature.ts';
import { type CredentialLookup, SignatureVerifier } from './sigv4.ts';
import { headOf, httpRequest, signerOf, testCredentials, type Unsigned } from './testing/signing.ts';

const now = Date.UTC(2026, 0, 2, 3, 4, 5);
const minute = 60_000;
const principal = rootPrincipal('111122223333', 'AKIDEXAMPLE');

const lookup: CredentialLookup = (accessKeyId, sessionToken) =>
  accessKeyId === testCredentials.accessKeyId && (sessionToken === undefined || sessionToken === 'token/+=')
    ? { secretAccessKey: testCredentials.secretAccessKey, principal }
    : undefined;

async function verify(head: RequestHead, body = '', at = now): Promise<unknown> {
  const parsed = parseSignature(head);
  if (parsed instanceof SignatureProblem) throw parsed;
  return new SignatureVerifier(lookup).verify(head, Buffer.from(body), parsed, at);
}

const listClusters: Unsigned = {
  method: 'POST',
  path: '/',
  query: {},
  headers: {
    host: 'localhost:4566',
    'content-type': 'application/x-amz-json-1.1',
    'x-amz-target': 'AmazonEC2ContainerServiceV20141113.ListClusters',
  },
  body: '{}',
};

async function signed(request: Unsigned, signedAt = now): Promise<RequestHead> {
  return headOf(await signerOf('ecs').sign(httpRequest(request), { signingDate: new Date(signedAt) }));
}

async function presigned(request: Unsigned, expiresIn: number, signedAt = now): Promise<RequestHead> {
  const options = { signingDate: new Date(signedAt), expiresIn };
  return headOf(await signerOf('sts').presign(httpRequest(request), options));
}

const text = fc.string({ unit: 'binary', maxLength: 8 });
const segment = fc.oneof(text, fc.constantFrom('', '.', '..', 'a b', 'ä/ö', "~*'()!"));
const headerText = fc.string({
  unit: fc.constantFrom('a', 'B', '1', ' ', '  ', ',', '=', '/', ';'),
  maxLength: 10,
});
const anyRequest: fc.Arbitrary<Unsigned> = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE'),
  path: fc.array(segment, { maxLength: 4 }).map((parts) => `/${parts.map(encodeURIComponent).join('/')}`),
  query: fc.dictionary(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 6 }).filter((name) => name !== '__proto__'),
    fc.oneof(text, fc.array(text, { minLength: 1, maxLength: 3 })),
    { maxKeys: 4 },
  ),
  headers: fc
    .dictionary(fc.constantFrom('x-amz-target', 'content-type', 'x-custom', 'x-amz-meta-a'), headerText)
    .map((headers) => ({ ...headers, host: 'localhost:4566' })),
  body: text,
});

describe('SignatureVerifier', () => {
  it('accepts whatever the SDK signs in headers', async () => {
    const property = fc.asyncProperty(anyRequest, async (request) => {
      await expect(verify(await signed(request), request.body)).resolves.toEqual(principal);
    });
    await fc.assert(property, { numRuns: 300, seed: 4 });
  });

  it('accepts whatever the SDK presigns', async () => {
    const property = fc.asyncProperty(anyRequest, async ({ headers, ...request }) => {
      const bodiless = { ...request, headers: { host: headers.host ?? '' }, body: '' };
      await expect(verify(await presigned(bodiless, 60))).resolves.toEqual(principal);
    });
    await fc.assert(property, { numRuns: 200, seed: 4 });
  });

  /** The worked examples of the AWS documentation and of its Signature Version 4 test suite. */
  it.each([
    ['GET', '/', '', '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'],
    ['POST', '/', '', '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b'],
    [
      'GET',
      '/',
      'Param2=value2&Param1=value1',
      'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
    ],
  ])("accepts AWS's example %s %s?%s", async (method, path, query, signature) => {
    const headers = {
      host: 'example.amazonaws.com',
      'x-amz-date': '20150830T123600Z',
      authorization: `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=${signature}`,
    };
    const head = { method, path, query, headers, rawHeaders: Object.entries(headers).flat() };
    await expect(verify(head, '', Date.UTC(2015, 7, 30, 12, 36))).resolves.toEqual(principal);
  });

  it("accepts the documentation's example of IAM's ListUsers", async () => {
    const headers = {
      'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
      host: 'iam.amazonaws.com',
      'x-amz-date': '20150830T123600Z',
      authorization:
        'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7',
    };
    const query = 'Action=ListUsers&Version=2010-05-08';
    const head = { method: 'GET', path: '/', query, headers, rawHeaders: Object.entries(headers).flat() };
    await expect(verify(head, '', Date.UTC(2015, 7, 30, 12, 36))).resolves.toEqual(principal);
  });

  it('joins a header that was sent twice', async () => {
    const request = { ...listClusters, headers: { ...listClusters.headers, 'x-custom': 'a,b  c' } };
    const head = await signed(request);
    const rawHeaders = head.rawHeaders.flatMap((item, index) => {
      if (item === 'x-custom') return ['x-custom', ' a ', 'X-Custom', 'b    c'];
      return head.rawHeaders[index - 1] === 'x-custom' ? [] : [item];
    });
    await expect(verify({ ...head, rawHeaders }, '{}')).resolves.toEqual(principal);
  });

  it('hands a session token to the look-up', async () => {
    const signWith = async (sessionToken: string) => {
      const signer = signerOf('ecs', { ...testCredentials, sessionToken });
      const request = await signer.sign(httpRequest(listClusters), { signingDate: new Date(now) });
      return verify(headOf(request), '{}');
    };
    await expect(signWith('token/+=')).resolves.toEqual(principal);
    await expect(signWith('other')).rejects.toMatchObject({ failure: 'unknown-client' });
  });

  it('accepts a body that the signer says it left out', async () => {
    const headers = { ...listClusters.headers, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' };
    await expect(verify(await signed({ ...listClusters, headers }), 'anything')).resolves.toEqual(principal);
  });
});

interface Tampering {
  readonly what: string;
  readonly tamper: (head: RequestHead) => RequestHead;
  readonly body?: string;
}

describe('SignatureVerifier refuses', () => {
  const bend = (head: RequestHead, name: string, value: string): RequestHead => ({
    ...head,
    headers: { ...head.headers, [name]: value },
    rawHeaders: head.rawHeaders.map((item, index) =>
      head.rawHeaders[index - 1]?.toLowerCase() === name ? value : item,
    ),
  });
  const authorization = (head: RequestHead): string => String(head.headers.authorization);
  const replaceIn = (head: RequestHead, from: RegExp, to: string): RequestHead => {
    expect(authorization(head)).toMatch(from);
    return bend(head, 'authorization', authorization(head).replace(from, to));
  };

  const tamperings: readonly Tampering[] = [
    { what: 'another method', tamper: (head) => ({ ...head, method: 'PUT' }) },
    { what: 'another path', tamper: (head) => ({ ...head, path: '/x' }) },
    { what: 'another query', tamper: (head) => ({ ...head, query: 'a=1' }) },
    { what: 'another body', tamper: (head) => head, body: '{"x":1}' },
    { what: 'another host', tamper: (head) => bend(head, 'host', 'elsewhere') },
    {
      what: 'another target',
      tamper: (head) => bend(head, 'x-amz-target', 'AmazonEC2ContainerServiceV20141113.DeleteCluster'),
    },
    {
      what: 'another content hash',
      tamper: (head) => bend(head, 'x-amz-content-sha256', 'UNSIGNED-PAYLOAD'),
    },
    { what: 'another region', tamper: (head) => replaceIn(head, /us-east-1/, 'eu-west-1') },
    { what: 'another service', tamper: (head) => replaceIn(head, /\/ecs\//, '/iam/') },
    {
      what: 'another signature',
      tamper: (head) => replaceIn(head, /.$/, authorization(head).endsWith('0') ? '1' : '0'),
    },
    { what: 'a header taken out of the signature', tamper: (head) => replaceIn(head, /content-type;/, '') },
    {
      what: 'a header added unsigned',
      tamper: (head) => ({ ...head, headers: { ...head.headers, 'x-amz-security-token': 't' } }),
    },
  ];
  it.each(tamperings)('$what', async ({ tamper, body = '{}' }) => {
    await expect(verify(tamper(await signed(listClusters)), body)).rejects.toBeInstanceOf(SignatureProblem);
  });

  it('a signature that does not cover the host', async () => {
    const head = await signed(listClusters);
    await expect(verify(replaceIn(head, /host;/, ''), '{}')).rejects.toThrow("'Host'");
  });

  it('an x-amz- header that the signature does not cover', async () => {
    const head = await signed({ ...listClusters, headers: { host: 'localhost:4566' } });
    const added = { ...head, headers: { ...head.headers, 'x-amz-target': 'Any.Thing' } };
    await expect(verify(added, '{}')).rejects.toThrow('not signed: x-amz-target');
  });

  it('an unknown access key', async () => {
    const head = replaceIn(await signed(listClusters), /AKIDEXAMPLE/, 'AKIDNOBODY');
    await expect(verify(head, '{}')).rejects.toMatchObject({ failure: 'unknown-client' });
  });

  it.each([
    ['5 minutes old', 5 * minute, 'accepted'],
    [
      'over 5 minutes old',
      5 * minute + 1000,
      'Signature expired: 20260102T030405Z is now earlier than 20260102T030406Z (20260102T030906Z - 5 min.)',
    ],
    ['5 minutes early', -5 * minute, 'accepted'],
    [
      'over 5 minutes early',
      -5 * minute - 1000,
      'Signature not yet current: 20260102T030405Z is still later than 20260102T030404Z (20260102T025904Z + 5 min.)',
    ],
  ])('a signature by its time: %s', async (_what, age, answer) => {
    const verified = verify(await signed(listClusters), '{}', now + age);
    if (answer === 'accepted') await expect(verified).resolves.toEqual(principal);
    else await expect(verified).rejects.toThrow(answer);
  });

  it('a presigned request after its time, and not before', async () => {
    const head = await presigned({ ...listClusters, headers: { host: 'h' }, method: 'GET', body: '' }, 900);
    await expect(verify(head, '', now + 900_000)).resolves.toEqual(principal);
    await expect(verify(head, '', now + 901_000)).rejects.toThrow('Signature expired');
    await expect(verify(head, '', now - 6 * minute)).rejects.toThrow('not yet current');
  });

  it('a presigned request whose time was stretched', async () => {
    const head = await presigned({ ...listClusters, headers: { host: 'h' }, method: 'GET', body: '' }, 60);
    const stretched = { ...head, query: head.query.replace('X-Amz-Expires=60', 'X-Amz-Expires=6000') };
    await expect(verify(stretched)).rejects.toMatchObject({ failure: 'invalid-signature' });
  });
});

describe('parseSignature', () => {
  const problemOf = (headers: Record<string, string>, query = ''): unknown =>
    parseSignature({ method: 'GET', path: '/', query, headers, rawHeaders: [] });

  it.each([
    ['nothing', {}, '', 'missing-token'],
    ['another scheme', { authorization: 'Bearer x' }, '', 'incomplete-signature'],
    ['no parts', { authorization: 'AWS4-HMAC-SHA256 ' }, '', 'incomplete-signature'],
    [
      'a short credential',
      {
        authorization: 'AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=0',
        'x-amz-date': '20150830T123600Z',
      },
      '',
      'incomplete-signature',
    ],
    [
      'no date',
      { authorization: 'AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=0' },
      '',
      'incomplete-signature',
    ],
    ['a presigned request without its parts', {}, 'X-Amz-Algorithm=AWS4-HMAC-SHA256', 'incomplete-signature'],
    [
      'a presigned request for too long',
      {},
      'X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=604801',
      'incomplete-signature',
    ],
  ])('says what is wrong with %s', (_what, headers, query, failure) => {
    expect(problemOf(headers, query)).toMatchObject({ name: 'SignatureProblem', failure });
  });

  it('never throws, whatever it is given', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (authorization, date, query) => {
        problemOf({ authorization: `AWS4-HMAC-SHA256 ${authorization}`, 'x-amz-date': date });
        problemOf({}, `X-Amz-Signature=${query}`);
      }),
    );
  });
});
