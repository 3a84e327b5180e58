import { once } from 'node:events';
import { Agent, request } from 'node:http';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkExpression,
  type ListenerPlan,
  type RoutedRequest,
  type RuleCondition,
  redirectLocation,
  routeRequest,
  transformed,
} from '../../../balancing/index.ts';
import { balancer, fixed, forwardTo, group, listener, rule } from '../testing/plans.ts';
import type { OpenProxy } from '../testing/proxy.ts';
import { get, openTarget } from '../testing/targets.ts';

/** Few characters, so that patterns are met; among them those that mean something to somebody on the way. */
const letters = fc.constantFrom(...'abA./\'"\\$#%{}()&=+~@:;,!^|'.split(''));
const inPath = fc.constantFrom(..."abA./$~'@:+&-_%(".split(''));
const wildcards = fc.constantFrom('*', '?', '*');
const text = (unit: fc.Arbitrary<string>, maxLength = 6): fc.Arbitrary<string> =>
  fc.array(unit, { maxLength }).map((all) => all.join(''));
const pattern = (unit: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.array(fc.oneof(unit, wildcards), { minLength: 1, maxLength: 6 }).map((all) => all.join(''));
const queryLetters = fc.constantFrom(...'abA=.$\\\'"*?%'.split(''));
const headerNames = ['x-a', 'X-B', 'x_c', "x!#$%&'*+.^`|~"] as const;

const piece = fc.constantFrom(
  ...[
    'a',
    'A',
    'b',
    '/',
    '\\.',
    '.',
    '-',
    '[aA]',
    '[^/?]',
    '\\w',
    '\\W',
    '\\d',
    '^',
    '$',
    '\\b',
    '(?i)',
    '%',
    "'",
  ],
);
const times = fc.constantFrom('', '', '*', '+', '?', '*?', '{1,2}');
const { regex } = fc.letrec<{ regex: string; part: string }>((tie) => ({
  regex: fc.array(tie('part'), { maxLength: 4 }).map((parts) => parts.join('')),
  part: fc.oneof(
    { maxDepth: 3 },
    piece,
    fc.tuple(piece, times).map((all) => all.join('')),
    fc.tuple(tie('regex'), tie('regex'), times).map(([one, other, often]) => `(${one}|${other})${often}`),
    fc.tuple(tie('regex'), times).map(([of, often]) => `(${of})${often}`),
  ),
}));
/** Those that a rule can have. */
const expression = regex.filter((text) => {
  try {
    checkExpression(text);
    return text !== '';
  } catch {
    return false;
  }
});
const expressions = fc.array(expression, { minLength: 1, maxLength: 2 });

const condition: fc.Arbitrary<RuleCondition> = fc.oneof(
  expressions.map((all) => ({ field: 'path-pattern' as const, patterns: [], expressions: all })),
  expressions.map((all) => ({ field: 'host-header' as const, patterns: [], expressions: all })),
  fc.tuple(fc.constantFrom(...headerNames), expressions).map(([name, all]) => ({
    ...{ field: 'http-header' as const, name, patterns: [], expressions: all },
  })),
  fc.record({
    field: fc.constant('path-pattern' as const),
    patterns: fc.array(
      pattern(inPath).map((each) => `/${each}`),
      { minLength: 1, maxLength: 3 },
    ),
  }),
  fc.record({
    field: fc.constant('host-header' as const),
    patterns: fc.array(pattern(fc.constantFrom(...'aA.-b'.split(''))), { minLength: 1, maxLength: 3 }),
  }),
  fc.record({
    field: fc.constant('http-header' as const),
    name: fc.constantFrom(...headerNames),
    patterns: fc.array(pattern(letters), { minLength: 1, maxLength: 3 }),
  }),
  fc.record({
    field: fc.constant('http-request-method' as const),
    methods: fc.array(fc.constantFrom('GET', 'POST', 'PUT', 'OPTIONS'), { minLength: 1, maxLength: 2 }),
  }),
  fc.record({
    field: fc.constant('query-string' as const),
    pairs: fc.array(
      fc.record({ key: pattern(queryLetters), value: pattern(queryLetters) }, { requiredKeys: ['value'] }),
      { minLength: 1, maxLength: 3 },
    ),
  }),
  fc.record({
    field: fc.constant('source-ip' as const),
    cidrs: fc.array(fc.constantFrom('127.0.0.0/8', '127.0.0.2/32', '10.0.0.0/8'), {
      minLength: 1,
      maxLength: 2,
    }),
  }),
);

const asked: fc.Arbitrary<RoutedRequest> = fc.record(
  {
    method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE'),
    host: fc.constantFrom('a', 'aa', 'a.b', 'A.B', 'ab-a', 'b.a:80', 'a.a.b:8080'),
    path: text(inPath).map((rest) => `/${rest}`),
    query: text(fc.oneof(queryLetters, fc.constant('&')), 10),
    headers: fc.array(
      fc.tuple(
        fc.constantFrom(...headerNames),
        text(letters).map((value) => value.trim()),
      ),
      { maxLength: 3 },
    ),
    sourceAddress: fc.constant('127.0.0.1'),
  },
  { requiredKeys: ['method', 'host', 'path', 'headers', 'sourceAddress'] },
);

/** Where every driver sends requests. @param why It can't carry any here. */
export function describeRouting(name: string, open: OpenProxy, why: string | undefined): void {
  describe.skipIf(why !== undefined)(`${name} decides ${why ?? ''}`, () => {
    it('by the same rule as routeRequest, whatever the rules and the request', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.array(condition, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 8 }),
          fc.array(asked, { minLength: 40, maxLength: 40 }),
          async (conditions, requests) => {
            const planned = listener({
              rules: [
                ...conditions.map((all, index) => rule(index + 1, fixed(`rule ${index + 1}`), all)),
                rule('default', fixed('rule default')),
              ],
            });
            await using proxy = await open({ listeners: [planned], targetGroups: [] });
            using agent = keepAlive();
            for (const each of requests) {
              const { body } = await send(proxy.portOf(80), each, agent);
              const { priority } = routeRequest(planned, each);
              expect(body, JSON.stringify(each)).toBe(`rule ${priority}`);
            }
          },
        ),
        { numRuns: 12 },
      );
    });

    it('what targets get as transformed does', async () => {
      await using web = await openTarget((message, response) =>
        response.end(`${message.headers.host} ${message.url}`),
      );
      const letters = fc.constantFrom(
        ...['a', '/', '$1', '$2', '?', ' ', '#', "'", '"', '\\\\', '\\\\1', '%', '.'],
      );
      // Enough captures for whatever a replacement names.
      const rewrite = fc.record({
        regex: fc.tuple(expression, expression).map(([one, other]) => `(${one})(${other})`),
        replace: text(letters, 4),
      });
      const paths = fc.array(fc.constantFrom('/a', '/b.', 'A', '-', '/%', '?', 'b=a'), { maxLength: 6 });
      await fc.assert(
        fc.asyncProperty(
          fc.array(
            fc.record({ host: rewrite, url: rewrite }).filter(({ host, url }) => {
              try {
                return [host, url].every(({ regex }) => checkExpression(regex).captures >= 2);
              } catch {
                return false;
              }
            }),
            { minLength: 10, maxLength: 10 },
          ),
          fc.array(fc.record({ host: fc.constantFrom('a', 'A.b', 'a.a.b', 'ab-a'), rest: paths }), {
            minLength: 40,
            maxLength: 40,
          }),
          async (transforms, requests) => {
            const rules = transforms.map((each, index) => ({
              ...rule(index + 1, forwardTo('one'), [
                { field: 'http-header', name: 'x-rule', patterns: [`${index + 1}`] },
              ]),
              transforms: each,
            }));
            await using proxy = await open({
              listeners: [listener({ rules: [...rules, rule('default', fixed('none'))] })],
              targetGroups: [group('one', { targets: [web.plan] })],
              attributes: { ...balancer().attributes, preserveHostHeader: true },
            });
            for (const [index, { host, rest }] of requests.entries()) {
              const each = transforms[index % transforms.length];
              const url = `/${rest.join('')}`;
              const { status, body } = await get(proxy.portOf(80), url, [
                ['Host', host],
                ['X-Rule', `${(index % transforms.length) + 1}`],
              ]);
              const wanted = transformed(each ?? {}, { host, url });
              const sent = wanted.status === 'success' ? `${wanted.host} ${wanted.url}` : 500;
              expect(status === 200 ? body : status, JSON.stringify({ each, host, url })).toBe(sent);
            }
          },
        ),
        { numRuns: 8 },
      );
    });

    it('where to redirect as redirectLocation does', async () => {
      const template = fc
        .array(fc.oneof(inPath, fc.constantFrom('#{host}', '#{port}', '#{path}', ' ', '"', 'é')), {
          maxLength: 5,
        })
        .map((all) => all.join(''));
      await fc.assert(
        fc.asyncProperty(
          fc.record({
            type: fc.constant('redirect' as const),
            statusCode: fc.constantFrom(301 as const, 302 as const),
            protocol: fc.constantFrom('HTTPS', '#{protocol}'),
            host: fc.constantFrom('#{host}', 'x.#{host}', 'b.example'),
            port: fc.constantFrom('#{port}', '8443'),
            path: template.map((rest) => `/${rest}`),
            query: fc.oneof(template, fc.constantFrom('#{query}', 'a=#{query}&b', '')),
          }),
          fc.array(asked, { minLength: 10, maxLength: 10 }),
          async (action, requests) => {
            const planned = listener({ rules: [rule('default', action)] });
            await using proxy = await open({ listeners: [planned], targetGroups: [] });
            using agent = keepAlive();
            const port = proxy.portOf(80);
            const actual: ListenerPlan = { ...planned, port };
            for (const each of requests) {
              const { status, location } = await send(port, each, agent);
              const wanted = redirectLocation(action, each, actual);
              expect({ status, location }).toEqual({ status: action.statusCode, location: wanted });
            }
          },
        ),
        { numRuns: 10 },
      );
    });
  });
}

function keepAlive(): Agent & Disposable {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return Object.assign(agent, { [Symbol.dispose]: () => agent.destroy() });
}

async function send(
  port: number,
  { method, host, path, query, headers }: RoutedRequest,
  agent: Agent,
): Promise<{ readonly status: number | undefined; readonly body: string; readonly location?: string }> {
  const sent = request({
    ...{ port, method, agent, host: '127.0.0.1' },
    path: `${path}${query === undefined ? '' : `?${query}`}`,
    headers: [['Host', host], ['Content-Length', '0'], ...headers].flat(),
  });
  sent.end();
  const [response] = await once(sent, 'response');
  let body = '';
  for await (const chunk of response) body += chunk;
  return { status: response.statusCode, body, location: response.headers.location };
}
