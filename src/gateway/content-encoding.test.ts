import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decodedBody } from './content-encoding.ts';

const head = (encoding?: string) => ({
  method: 'POST',
  path: '/',
  query: '',
  headers: encoding === undefined ? {} : { 'content-encoding': encoding },
  rawHeaders: [],
});
const body = Buffer.from('{"Namespace":"boats"}'.repeat(100));

describe('a body that was compressed', () => {
  it('is unpacked, and others are left as they are', () => {
    expect(decodedBody(head('gzip'), gzipSync(body), 10_000)).toEqual(body);
    expect(decodedBody(head(), body, 10_000)).toBe(body);
    expect(decodedBody(head('aws-chunked'), body, 10_000)).toBe(body);
  });

  it('is refused when it grows beyond the limit', () => {
    const bomb = gzipSync(Buffer.alloc(5_000_000));
    expect(() => decodedBody(head('gzip'), bomb, 1_000_000)).toThrow('the limit is 1000000 bytes');
  });

  it('is refused when it is none', () => {
    expect(() => decodedBody(head('gzip'), body, 10_000)).toThrow('The request body is not valid gzip');
  });
});
