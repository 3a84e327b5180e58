import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesPattern } from './patterns.ts';
import type { RuleCondition, RulePlan } from './plan.ts';
import { type RoutedRequest, redirectLocation, routeRequest } from './route.ts';

const request: RoutedRequest = {
  method: 'GET',
  host: 'Shop.example.com:8080',
  path: '/img/a.png',
  query: 'version=V1&flag&text=a=b',
  headers: [
    ['User-Agent', 'curl/8'],
    ['X-Team', 'red'],
    ['x-team', 'blue'],
  ],
  sourceAddress: '10.0.1.9',
};

describe('matchesPattern', () => {
  it.each([
    ['/img/*', '/img/', true],
    ['/img/*', '/img/a/b', true],
    ['/img/*', '/img', false],
    ['*.png', '/a.png.gz', false],
    ['/a?c', '/abc', true],
    ['/a?c', '/ac', false],
    ['*a*a*', 'ba-ab', true],
    ['**', '', true],
    ['', '', true],
    ['', 'a', false],
    ['/a.c', '/abc', false],
  ])('%s is like %s: %s', (pattern, text, isLike) => {
    expect(matchesPattern(pattern, text)).toBe(isLike);
  });

  it('takes escaped wildcards by their letter where there are escapes', () => {
    expect(matchesPattern('a\\*', 'a*', true)).toBe(true);
    expect(matchesPattern('a\\*', 'ab', true)).toBe(false);
    expect(matchesPattern('a\\*', 'a\\b')).toBe(true);
  });

  it('says what a regular expression says', () => {
    const unit = fc.constantFrom('a', 'b', '*', '?');
    const text = fc.array(fc.constantFrom('a', 'b'), { maxLength: 8 }).map((all) => all.join(''));
    fc.assert(
      fc.property(
        fc.array(unit, { maxLength: 6 }).map((all) => all.join('')),
        text,
        (pattern, tried) => {
          const expression = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`);
          expect(matchesPattern(pattern, tried)).toBe(expression.test(tried));
        },
      ),
    );
  });
});

describe('routeRequest', () => {
  it.each<[boolean, RuleCondition]>([
    [true, { field: 'host-header', patterns: ['other', '*.EXAMPLE.com'] }],
    [false, { field: 'host-header', patterns: ['*:8080'] }],
    [true, { field: 'path-pattern', patterns: ['/img/*'] }],
    [false, { field: 'path-pattern', patterns: ['/IMG/*', '*version*'] }],
    [true, { field: 'http-header', name: 'X-TEAM', patterns: ['BLUE'] }],
    [false, { field: 'http-header', name: 'X-Team', patterns: ['re'] }],
    [true, { field: 'http-request-method', methods: ['POST', 'GET'] }],
    [false, { field: 'http-request-method', methods: ['get'] }],
    [true, { field: 'query-string', pairs: [{ key: 'VERSION', value: 'v?' }] }],
    [true, { field: 'query-string', pairs: [{ value: 'a=b' }] }],
    [true, { field: 'query-string', pairs: [{ key: 'flag', value: '*' }] }],
    [false, { field: 'query-string', pairs: [{ key: 'flag', value: '?' }] }],
    [true, { field: 'source-ip', cidrs: ['192.168.0.0/16', '10.0.0.0/8'] }],
    [false, { field: 'source-ip', cidrs: ['10.0.2.0/24', '2001:db8::/32'] }],
  ])('%s: %o', (isMet, condition) => {
    const rules = [ruleOf(1, [condition]), ruleOf('default', [])];
    expect(routeRequest({ rules }, request).priority).toBe(isMet ? 1 : 'default');
  });

  it('takes the first rule of which all conditions hold', () => {
    const get: RuleCondition = { field: 'http-request-method', methods: ['GET'] };
    const post: RuleCondition = { field: 'http-request-method', methods: ['POST'] };
    const rules = [ruleOf(1, [get, post]), ruleOf(2, [get]), ruleOf(3, [get]), ruleOf('default', [])];
    expect(routeRequest({ rules }, request).priority).toBe(2);
  });
});

describe('redirectLocation', () => {
  const listener = { port: 80, protocol: 'HTTP' } as const;
  const same = {
    type: 'redirect',
    statusCode: 301,
    protocol: '#{protocol}',
    host: '#{host}',
    port: '#{port}',
    path: '/#{path}',
    query: '#{query}',
  } as const;

  it('fills in what was asked for, always with the port', () => {
    expect(redirectLocation({ ...same, protocol: 'HTTPS', port: '443' }, request, listener)).toBe(
      'https://shop.example.com:443/img/a.png?version=V1&flag&text=a=b',
    );
    expect(redirectLocation({ ...same, path: '/x/#{host}/#{path}', query: '' }, request, listener)).toBe(
      'http://shop.example.com:80/x/shop.example.com/img/a.png',
    );
  });

  it('has no question mark without a query', () => {
    const { query: _, ...without } = request;
    expect(redirectLocation(same, without, listener)).toBe('http://shop.example.com:80/img/a.png');
  });
});

function ruleOf(priority: RulePlan['priority'], conditions: readonly RuleCondition[]): RulePlan {
  return {
    arn: `rule ${priority}`,
    priority,
    conditions,
    action: { type: 'fixed-response', statusCode: 200 },
  };
}
