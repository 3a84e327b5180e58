import { describe, expect, it } from 'vitest';
import type { GuardDecision, GuardedRequest, RulePlan } from '../../../balancing/index.ts';
import { fixed, forwardTo, group, listener, rule } from '../testing/plans.ts';
import type { OpenProxy } from '../testing/proxy.ts';
import { get, openTarget } from '../testing/targets.ts';

const path = (pattern: string) => [{ field: 'path-pattern' as const, patterns: [pattern] }];
const guarded = (plain: RulePlan): RulePlan => ({ ...plain, guard: 'authenticate' });
const pass = (changes: Partial<Extract<GuardDecision, { type: 'pass' }>> = {}): GuardDecision => ({
  ...{ type: 'pass', fields: [], cookies: [] },
  ...changes,
});

/** What every driver makes of rules with guards. @param why It can't carry any here. */
export function describeGuards(name: string, open: OpenProxy, why: string | undefined): void {
  describe.skipIf(why !== undefined)(`guards of rules through ${name} ${why ?? ''}`, () => {
    const rules = [
      guarded(rule(1, forwardTo('one'), path('/in*'))),
      guarded(rule(2, fixed('secret'), path('/fixed'))),
      rule('default', forwardTo('one')),
    ];

    it('are asked with what the client sent, and only where there are any', async () => {
      const asked: GuardedRequest[] = [];
      await using web = await openTarget((_, response) => response.end('in'));
      const plan = {
        targetGroups: [group('one', { targets: [web.plan] })],
        listeners: [listener({ rules })],
      };
      await using proxy = await open(plan, undefined, async (request) => {
        asked.push(request);
        return pass();
      });
      const port = proxy.portOf(80);
      expect(await get(port, '/')).toMatchObject({ status: 200, body: 'in' });
      expect(asked).toEqual([]);
      const headers = [
        ['Cookie', 'a=b; c="d e"'],
        ['Authorization', 'Bearer x.y.z'],
        ['X-Other', 'no'],
      ] as const;
      expect(await get(port, '/in%20?q=%0d%0a&r=/x?y', headers)).toMatchObject({ status: 200, body: 'in' });
      const lowered = asked.map(({ headers: sent, ...rest }) => ({
        ...rest,
        headers: sent.map(([field, value]) => [field.toLowerCase(), value]),
      }));
      expect(lowered).toEqual([
        {
          of: { type: 'rule', arn: rules[0]?.arn },
          host: 'web.example',
          url: '/in%20?q=%0d%0a&r=/x?y',
          headers: [
            ['cookie', 'a=b; c="d e"'],
            ['authorization', 'Bearer x.y.z'],
          ],
        },
      ]);
      await get(port, '/oauth2/idpresponse?state=s&code=c');
      expect(asked.at(-1)).toMatchObject({
        of: { type: 'listener', arn: listener().arn },
        url: '/oauth2/idpresponse?state=s&code=c',
      });
    });

    it('let through with what the target and the client get, and with nothing that the client made up', async () => {
      await using web = await openTarget((_, response) => response.end('in'));
      const plan = {
        targetGroups: [group('one', { targets: [web.plan] })],
        listeners: [listener({ rules })],
      };
      const long = 'x'.repeat(3_900);
      const cookies = [0, 1, 2, 3].map((at) => `session-${at}=${long}; Path=/; Secure`);
      let decision = pass({ fields: [['x-amzn-oidc-identity', 'ann']], cookies });
      await using proxy = await open(plan, undefined, async () => decision);
      const forged = [
        ['X-Amzn-Oidc-Identity', 'root'],
        ['x-amzn-oidc-data', 'forged'],
        ['x-amzn-oidc-accesstoken', 'forged'],
      ] as const;
      const port = proxy.portOf(80);
      const answer = await get(port, '/in', forged);
      expect(answer).toMatchObject({ status: 200, body: 'in' });
      expect(answer.headers['set-cookie']).toEqual(cookies);
      const received = web.requests.at(-1)?.headers;
      expect(received?.['x-amzn-oidc-identity']).toBe('ann');
      for (const gone of ['x-amzn-oidc-data', 'x-amzn-oidc-accesstoken'])
        expect(received).not.toHaveProperty(gone);
      expect((await get(port, '/fixed')).headers['set-cookie']).toEqual(cookies);
      decision = pass();
      await get(port, '/in', forged);
      expect(web.requests.at(-1)?.headers).not.toHaveProperty('x-amzn-oidc-identity');
    });

    it('answer in the load balancer’s name', async () => {
      const plan = { targetGroups: [group('one')], listeners: [listener({ rules })] };
      const location = 'https://idp.example/authorize?a=b&c=%0D%0A%22';
      let decision: GuardDecision = {
        ...{ type: 'answer', status: 302 },
        fields: [
          ['Location', location],
          ['Set-Cookie', 'one=1; Path=/'],
          ['Set-Cookie', 'two=2; Path=/'],
        ],
      };
      await using proxy = await open(plan, undefined, async () => decision);
      const port = proxy.portOf(80);
      const sent = await get(port, '/in');
      expect(sent).toMatchObject({ status: 302, headers: { location, server: 'awselb/2.0' } });
      expect(sent.headers['set-cookie']).toEqual(['one=1; Path=/', 'two=2; Path=/']);
      for (const status of [401, 500, 561] as const) {
        decision = { type: 'answer', status, fields: [], reason: 'AuthInvalidCookie' };
        const { headers, body, ...rest } = await get(port, '/fixed');
        expect(rest.status).toBe(status);
        expect(headers).not.toHaveProperty('x-guard-reason');
        expect(body).toContain(`<h1>${status} `);
      }
      expect(await get(port, '/in', [], 'HEAD')).toMatchObject({ status: 561, body: '' });
    });

    it('that fail, or are not there, let nothing through', async () => {
      await using web = await openTarget((_, response) => response.end('in'));
      const plan = {
        targetGroups: [group('one', { targets: [web.plan] })],
        listeners: [listener({ rules })],
      };
      await using failing = await open(plan, undefined, async () => {
        throw new Error('It fails');
      });
      for (const target of ['/in', '/fixed', '/oauth2/idpresponse?code=x'])
        expect(await get(failing.portOf(80), target)).toMatchObject({ status: 503 });
      expect((await get(failing.portOf(80))).status).toBe(200);
      await using absent = await open(plan);
      const answers = await Promise.all(
        ['/in', '/fixed', '/'].map((target) => get(absent.portOf(80), target)),
      );
      expect(answers.map(({ status }) => status)).toEqual([503, 503, 200]);
      expect(web.requests.map(({ url }) => url)).toEqual(['/', '/']);
    });
  });
}
