import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LoadBalancerPlan } from '../../../../balancing/index.ts';
import { BalancerError } from '../../balancer.ts';
import { whyNoHaproxy } from '../../open.ts';
import { balancer, forwardTo, group, listener, rule, target } from '../../testing/plans.ts';

const why = await whyNoHaproxy();
const run = promisify(execFile);

/** What a configuration, a shell or a log format would take for something else. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(...' \'"\\#$%{}()[]<>,;:!|&~`*?'.split('')),
      fc.constantFrom(
        // biome-ignore lint/suspicious/noTemplateCurlyInString: what a configuration would fill in
        '${HOME}',
        '%[env(HOME)]',
        '%ci',
        " if TRUE ' ",
        '\\x27',
        '\\\\',
        '\u00e9',
        '-f /etc/passwd',
        'a',
      ),
    ),
    { minLength: 1, maxLength: 8 },
  )
  .map((parts) => parts.join(''));

/** As an expression for itself. */
const escaped = (text: string): string => text.replaceAll(/[^ -~]/g, '').replaceAll(/[^A-Za-z0-9]/g, '\\$&');

/** A plan with somebody else's words wherever it has words. */
function planOf([one = '', two = '', three = '', four = '']: readonly string[]): LoadBalancerPlan {
  return balancer({
    listeners: [
      listener({
        answerHeaders: [{ name: 'Content-Security-Policy', value: `${three}${four}` }],
        rules: [
          rule(1, { type: 'fixed-response', statusCode: 200, contentType: one, messageBody: two }, [
            { field: 'path-pattern', patterns: [one, two] },
            { field: 'host-header', patterns: [two] },
            {
              field: 'http-header',
              name: three.replaceAll(/[^!#$%&'*+.^_`|~\w-]/g, '') || 'x',
              patterns: [four],
            },
            { field: 'path-pattern', patterns: [], expressions: [escaped(one)] },
            { field: 'http-request-method', methods: [one] },
            { field: 'query-string', pairs: [{ key: three, value: four }, { value: one }] },
          ]),
          { ...rule(3, forwardTo('one')), guard: 'authenticate' },
          rule(2, {
            type: 'redirect',
            statusCode: 302,
            protocol: 'HTTPS',
            host: `a${one}`,
            port: '443',
            path: `/${two}`,
            query: three,
          }),
          {
            ...rule(3, forwardTo('one'), [{ field: 'http-request-method', methods: ['PUT'] }]),
            transforms: {
              host: { regex: escaped(one), replace: two.replaceAll(/[^ -~]|\$/g, '') },
              url: { regex: `(${escaped(two)})`, replace: `$1${three.replaceAll(/[^ -~]|\$/g, '')}` },
            },
          },
          rule('default', forwardTo('one')),
        ],
      }),
    ],
    targetGroups: [
      group('one', {
        targets: [target('10.0.1.20')],
        healthCheck: { ...group('one').healthCheck, path: `/${four}` },
        stickiness: {
          type: 'app_cookie',
          cookieName: one.replaceAll(/[^!#$%&'*+.^_`|~\w-]/g, '') || 'x',
          duration: 60,
        },
      }),
    ],
  });
}

describe.skipIf(why !== undefined)(`a configuration ${why ?? ''}`, () => {
  it('never reads words of a plan as its own', async () => {
    const { configurationOf } = await import('../../testing/haproxy-proxy.ts');
    const directory = mkdtempSync(join(tmpdir(), 'catamaran-configuration-'));
    mkdirSync(join(directory, 'empty'));
    const harmless = skeleton(configurationOf(planOf(['a', 'b', 'c', 'd']), directory).text);
    try {
      await fc.assert(
        fc.asyncProperty(fc.array(hostile, { minLength: 4, maxLength: 4 }), async (words) => {
          const { text, files } = configurationOf(planOf(words), directory);
          expect(skeleton(text)).toEqual(harmless);
          for (const [name, content] of files) writeFileSync(join(directory, name), content);
          const path = join(directory, '1.cfg');
          writeFileSync(path, text);
          await run('haproxy', ['-c', '-f', path]);
        }),
        { numRuns: 60 },
      );
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });

  it('has no lines that a plan began', async () => {
    const { configurationOf } = await import('../../testing/haproxy-proxy.ts');
    const plan = planOf(['a', 'b', 'c', 'd']);
    const [web] = plan.listeners;
    if (web === undefined) throw new Error('No listener');
    for (const end of ['\n', '\r', '\0', '\t']) {
      const methods = [`GET${end}backend x`];
      const rules = [
        rule(1, forwardTo('one'), [{ field: 'http-request-method', methods }]),
        rule('default', forwardTo('one')),
      ];
      expect(() => configurationOf({ ...plan, listeners: [{ ...web, rules }] }, '/x')).toThrow(BalancerError);
    }
  });
});

/** How its lines begin. A list of alternatives has as many lines as it has alternatives. */
function skeleton(text: string): string[] {
  const beginnings = text
    .split('\n')
    .slice(1)
    .map((line) => line.split(' ').slice(0, 2).join(' '));
  return beginnings.filter((line, index) => line !== beginnings[index - 1]);
}
