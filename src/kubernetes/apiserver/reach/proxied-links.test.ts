import { expect, it } from 'vitest';
import { linkThrough, pathThrough } from './proxied-links.ts';

const prefix = '/api/v1/namespaces/shop/services/web:80/proxy';
const proxied = { prefix, backend: '10.0.1.5:8080', asked: '127.0.0.1:8001' };

it.each([
  ['/login', `${prefix}/login`],
  ['/a/', `${prefix}/a/`],
  ['/a/../b?c=/d#e', `${prefix}/b?c=/d#e`],
  ['http://10.0.1.5:8080/login', `${prefix}/login`],
  ['//10.0.1.5:8080/login', `${prefix}/login`],
  ['http://127.0.0.1:8001/login', `http://127.0.0.1:8001${prefix}/login`],
  [`${prefix}/login`, `${prefix}/login`],
  ['login', 'login'],
  ['', ''],
  ['?again', '?again'],
  ['https://example.com/login', 'https://example.com/login'],
  ['http://10.0.1.5:9090/login', 'http://10.0.1.5:9090/login'],
  ['mailto:a@example.com', 'mailto:a@example.com'],
])('%s leads through the proxy to %s', (link, through) => {
  expect(linkThrough(proxied, link)).toBe(through);
});

it('a path behind the proxy is below the proxy’s own, and keeps its slash at the end', () => {
  expect(pathThrough(prefix, '/')).toBe(`${prefix}/`);
  expect(pathThrough(prefix, '/a/b')).toBe(`${prefix}/a/b`);
});
