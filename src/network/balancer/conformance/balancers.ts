import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { BalancerError } from '../balancer.ts';
import type { BalancerMachine } from '../testing/machine.ts';
import { fixed, forwardTo, group, listener, rule, target } from '../testing/plans.ts';

/**
 * What every driver must do, on a machine with a VPC.
 * @param why The machine can't carry load balancers.
 */
export function describeBalancerConformance(
  name: string,
  open: () => Promise<BalancerMachine>,
  why: string | undefined,
): void {
  describe.skipIf(why !== undefined)(`${name} load balancers ${why ?? ''}`, () => {
    it('send to targets that passed a check, and no more to those that are deregistered', async () => {
      await using it = await open();
      const one = await it.serve('10.0.1.20');
      const two = await it.serve('10.0.2.20');
      const plan = (...targets: readonly (typeof one)[]) =>
        it.plan({ targetGroups: [group('one', { targets })] });
      await it.balancers.apply(plan(one));
      expect(it.nodes.map(({ isUp }) => isUp)).toEqual([true, true]);
      await it.until(() => it.stateOf('10.0.1.20:80') === 'healthy');
      expect(await it.curl('http://10.0.2.5/')).toBe('10.0.1.20');

      await it.balancers.apply(plan(one, two));
      await it.until(() => it.stateOf('10.0.2.20:80') === 'healthy');
      const answers = [await it.curl('http://10.0.1.5/'), await it.curl('http://10.0.1.5/')];
      expect(answers.sort()).toEqual(['10.0.1.20', '10.0.2.20']);

      await it.balancers.apply(plan({ ...one, isDraining: true }, two));
      for (let count = 0; count < 4; count += 1) expect(await it.curl('http://10.0.1.5/')).toBe('10.0.2.20');
      await it.balancers.apply(plan(two));
      expect(await it.curl('http://10.0.1.5/')).toBe('10.0.2.20');
    });

    it('say of a target that has nothing to answer that it has drained', async () => {
      await using it = await open();
      const one = await it.serve('10.0.1.20');
      const plan = (isDraining: boolean) =>
        it.plan({ targetGroups: [group('one', { targets: [{ ...one, isDraining }] })] });
      await it.balancers.apply(plan(false));
      await it.until(() => it.stateOf('10.0.1.20:80') === 'healthy');
      it.targets.clear();
      await it.balancers.apply(plan(true));
      await it.until(() => it.targets.get('10.0.1.20:80')?.outstanding === 0);
    });

    it('let a deregistered target answer what it was asked, and say when it has', async () => {
      await using it = await open();
      const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
      const one = await it.serve('10.0.1.20', async (_, response) => {
        await answered;
        response.end('late');
      });
      // Its checks wait as well; without a healthy target all of them are asked.
      const plan = (isDraining: boolean) =>
        it.plan({ targetGroups: [group('one', { targets: [{ ...one, isDraining }] })] });
      await it.balancers.apply(plan(false));
      const asked = it.curl('http://10.0.1.5/');
      await it.until(() => it.targets.get('10.0.1.20:80')?.outstanding === 1);
      await it.balancers.apply(plan(true));
      expect(await it.curl('-o', '/dev/null', '-w', '%{http_code}', 'http://10.0.1.5/')).toBe('503');
      expect(it.targets.get('10.0.1.20:80')?.outstanding).toBe(1);
      // Another rule needs another process: the request stays with the old one, and still counts.
      const rules = [rule('default', forwardTo('one'))];
      await it.balancers.apply({ ...plan(true), listeners: [listener(), listener({ port: 81, rules })] });
      expect(it.targets.get('10.0.1.20:80')?.outstanding).toBe(1);
      answer();
      expect(await asked).toBe('late');
      await it.until(() => it.targets.get('10.0.1.20:80')?.outstanding === 0);
    });

    it('say why a target is not well, and ask all of them when none is', async () => {
      await using it = await open();
      const status = { code: 500 };
      const one = await it.serve('10.0.1.20', (request, response) => {
        response.statusCode = request.url === '/health' ? status.code : 200;
        response.end('one');
      });
      const refusing = target('10.0.1.21');
      const nobody = target('10.0.1.99');
      const healthCheck = { ...group('one').healthCheck, path: '/health' };
      await it.balancers.apply(
        it.plan({ targetGroups: [group('one', { healthCheck, targets: [one, refusing, nobody] })] }),
      );
      expect(it.stateOf('10.0.1.20:80')).toBe('initial');
      await it.until(() => it.stateOf('10.0.1.20:80') === 'unhealthy');
      await it.until(() => it.stateOf('10.0.1.21:80') === 'unhealthy');
      await it.until(() => it.stateOf('10.0.1.99:80') === 'unhealthy');
      const causes = [one, refusing, nobody].map(({ id }) => it.targets.get(`${id}:80`)?.health);
      expect(causes).toMatchObject([
        { cause: { type: 'code-mismatch', code: 500 } },
        { cause: { type: 'failed' } },
        { cause: { type: 'timeout' } },
      ]);
      const answers = [await it.curl('http://10.0.1.5/'), await it.curl('http://10.0.1.5/')];
      expect(answers).toContain('one');

      status.code = 204;
      await it.until(() => it.stateOf('10.0.1.20:80') === 'healthy');
      for (let count = 0; count < 3; count += 1) expect(await it.curl('http://10.0.1.5/')).toBe('one');

      status.code = 404;
      // Each of the two nodes checks in its own time: what one of them saw first may be older.
      const mismatch = { state: 'unhealthy', cause: { type: 'code-mismatch', code: 404 } };
      await it.until(() => isDeepStrictEqual(it.targets.get('10.0.1.20:80')?.health, mismatch));
    });

    it('stay as they were when a plan can’t be carried out, and say why', async () => {
      await using it = await open();
      const targets = [await it.serve('10.0.1.20')];
      const planned = it.plan({ targetGroups: [group('one', { targets })] });
      await it.balancers.apply(planned);
      it.certificates.set('odd', { chain: 'no certificate', privateKey: 'no key' });
      const rules = [rule('default', fixed('other'))];
      const secured = listener({ port: 443, protocol: 'HTTPS', certificateArns: ['odd'], rules });
      await expect(
        it.balancers.apply({ ...planned, listeners: [listener({ rules }), secured] }),
      ).rejects.toThrow(BalancerError);
      expect(await it.curl('http://10.0.1.5/')).toBe('10.0.1.20');
    });

    it('lead datagrams to targets, each flow to one of them', async () => {
      await using it = await open();
      const targets = [await it.serveBoth('10.0.1.20', 53), await it.serveBoth('10.0.2.20', 53)];
      const check = { ...group('one').healthCheck, protocol: 'TCP' as const, matcher: [] };
      const plan = (count: number) =>
        it.plan({
          type: 'network',
          listeners: [listener({ port: 5_353, protocol: 'UDP' })],
          targetGroups: [
            group('one', { protocol: 'UDP', healthCheck: check, targets: targets.slice(0, count) }),
          ],
        });
      await it.balancers.apply(plan(1));
      await it.until(() => it.stateOf('10.0.1.20:53') === 'healthy');
      expect(await it.datagram('10.0.1.5', 5_353)).toBe('10.0.1.20 for 10.0.1.5');
      await it.balancers.apply(plan(2));
      await it.until(() => it.stateOf('10.0.2.20:53') === 'healthy');
      const answers = new Set<string>();
      await it.until(async () => answers.add(await it.datagram('10.0.2.5', 5_353)).size === 2);
      expect(answers).toEqual(new Set(['10.0.1.20 for 10.0.2.5', '10.0.2.20 for 10.0.2.5']));
    });

    it('say what they can’t do', async () => {
      await using it = await open();
      const check = { ...group('one').healthCheck, protocol: 'TCP' as const, matcher: [] };
      const layer4 = { protocol: 'TCP', healthCheck: check } as const;
      const plan = it.plan({ listeners: [listener({ protocol: 'TCP' })] });
      await expect(
        it.balancers.apply({
          ...plan,
          targetGroups: [group('one', { ...layer4, preservesClientIp: true })],
        }),
      ).rejects.toThrow('preserve_client_ip.enabled');
      await it.balancers.apply({ ...plan, targetGroups: [group('one', layer4)] });
    });

    it('take no traffic without listeners', async () => {
      await using it = await open();
      await it.balancers.apply(it.plan({ listeners: [], targetGroups: [] }));
      expect(it.nodes.map(({ isUp }) => isUp)).toEqual([true, true]);
      await expect(it.curl('http://10.0.1.5/')).rejects.toThrow();
    });

    it('stay within a zone where cross-zone load balancing is off', async () => {
      await using it = await open();
      const targets = [await it.serve('10.0.1.20'), await it.serve('10.0.2.20')];
      await it.balancers.apply(it.plan({ targetGroups: [group('one', { targets, crossZone: false })] }));
      await it.until(() => targets.every(({ address }) => it.stateOf(`${address}:80`) === 'healthy'));
      for (let count = 0; count < 3; count += 1) {
        expect(await it.curl('http://10.0.1.5/')).toBe('10.0.1.20');
        expect(await it.curl('http://10.0.2.5/')).toBe('10.0.2.20');
      }
    });

    it('reach instances on the machine itself', async () => {
      await using it = await open();
      const onMachine = await it.serve('host', (_, response) => response.end('instance'), 32_768);
      const targets = [{ ...onMachine, id: 'i-1', address: '127.3.0.1' }];
      await it.balancers.apply(
        it.plan({ targetGroups: [group('one', { targets, targetType: 'instance' })] }),
      );
      await it.until(() => it.stateOf('i-1:32768') === 'healthy');
      expect(await it.curl('http://10.0.1.5/')).toBe('instance');
    });

    it('have room for more targets than they began with', async () => {
      await using it = await open();
      const ports = Array.from({ length: 20 }, (_, index) => 8_000 + index);
      const targets = await Promise.all(ports.map((port) => it.serve('10.0.1.20', undefined, port)));
      const planned = it.plan({ targetGroups: [group('one', { targets: targets.slice(0, 3) })] });
      await it.balancers.apply(planned);
      await it.balancers.apply({ ...planned, targetGroups: [group('one', { targets })] });
      await it.until(() => ports.every((port) => it.stateOf(`10.0.1.20:${port}`) === 'healthy'));
      expect(await it.curl('http://10.0.1.5/')).toBe('10.0.1.20');
    });

    it('carry traffic while nobody looks after them, and are taken over', async () => {
      await using it = await open();
      const targets = [await it.serve('10.0.1.20'), target('10.0.1.21')];
      const planned = it.plan({ targetGroups: [group('one', { targets })] });
      await it.balancers.apply(planned);
      await it.until(() => it.stateOf('10.0.1.20:80') === 'healthy');
      await it.until(() => it.stateOf('10.0.1.21:80') === 'unhealthy');
      await it.close();
      expect(await it.curl('http://10.0.1.5/')).toBe('10.0.1.20');
      await it.balancers.apply(planned);
      expect(it.stateOf('10.0.1.20:80')).toBe('healthy');
      expect(await it.curl('http://10.0.1.5/')).toBe('10.0.1.20');
    });

    it('change their rules while every request is answered', async () => {
      await using it = await open();
      const targets = [await it.serve('10.0.1.20')];
      const planned = it.plan({ targetGroups: [group('one', { targets })] });
      await it.balancers.apply(planned);
      const statuses: string[] = [];
      const asking = new AbortController();
      const asked = (async () => {
        while (!asking.signal.aborted) {
          statuses.push(await it.curl('-w', ' %{http_code} ', 'http://10.0.1.5/', 'http://10.0.1.5/a'));
        }
      })();
      for (const count of [1, 2, 3]) {
        const rules = [
          rule(1, fixed(`version ${count}`), [{ field: 'path-pattern', patterns: ['/version'] }]),
          rule('default', forwardTo('one')),
        ];
        await it.balancers.apply({ ...planned, listeners: [listener({ rules })] });
        expect(await it.curl('http://10.0.2.5/version')).toBe(`version ${count}`);
      }
      asking.abort();
      await asked;
      expect(new Set(statuses.join('').trim().split(/ +/))).toEqual(new Set(['10.0.1.20', '200']));
    });
  });
}
