import { execFile } from 'node:child_process';
import { isDeepStrictEqual, promisify } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import type { LoadBalancerPlan, TargetGroupPlan, TargetPlan } from '../../../balancing/index.ts';
import { Namespace } from '../../linux/namespace.ts';
import { namesDirectory, namesOfNamespaces } from '../../linux/namespace-names.ts';
import { Nftables } from '../../linux/nftables.ts';
import { BalancerError } from '../balancer.ts';
import type { BalancerMachine } from '../testing/machine.ts';
import { fixed, forwardTo, group, listener, rule, target } from '../testing/plans.ts';

const run = promisify(execFile);

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

    it('send nothing by what was before to whoever has seen what is now', async () => {
      await using it = await open();
      const [one, two] = [await it.serve('10.0.1.20'), await it.serve('10.0.2.20')];
      const targetGroups = [group('one', { targets: [one] }), group('two', { targets: [two] })];
      const plan = (name: string) =>
        it.plan({ targetGroups, listeners: [listener({ rules: [rule('default', forwardTo(name))] })] });
      await it.balancers.apply(plan('one'));
      await it.until(() => ['10.0.1.20:80', '10.0.2.20:80'].every((each) => it.stateOf(each) === 'healthy'));
      for (const [name, address] of [
        ['two', two.id],
        ['one', one.id],
        ['two', two.id],
        ['one', one.id],
      ] as const) {
        const asked = it.curl('-H', 'Connection: close', '-w', '\\n', 'http://10.0.1.5/[1-2000]');
        await it.balancers.apply(plan(name));
        const answers = [...(await asked).split('\n'), await it.curl('http://10.0.1.5/')].filter(Boolean);
        expect(new Set(answers.slice(answers.indexOf(address)))).toEqual(new Set([address]));
      }
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
      const causes = () => [one, refusing, nobody].map(({ id }) => it.targets.get(`${id}:80`)?.health);
      await vi.waitFor(() =>
        expect(causes()).toMatchObject([
          { cause: { type: 'code-mismatch', code: 500 } },
          { cause: { type: 'failed' } },
          { cause: { type: 'timeout' } },
        ]),
      );
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
      const plan = (count: number) => datagramPlan(it, { targets: targets.slice(0, count) });
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

    it('lead datagrams to instances on the machine itself, by the address of each', async () => {
      await using it = await open();
      // One has bound the address of its instance, the other one every address.
      const one = { ...(await it.serveBoth('host', 32_768, '127.3.0.1')), id: 'i-1', address: '127.3.0.1' };
      const two = { ...(await it.serveBoth('host', 32_769)), id: 'i-2', address: '127.0.0.2' };
      const plan = (targets: readonly TargetPlan[]) => datagramPlan(it, { targets, targetType: 'instance' });
      await it.balancers.apply(plan([one]));
      await it.until(() => it.stateOf('i-1:32768') === 'healthy');
      const first = await it.datagram('10.0.1.5', 5_353, 4_000);
      expect(first).toMatch(/^port 32768 for 2(4[1-9]|5[0-4])\./);
      // Another process finds the same way.
      await it.close();
      await it.balancers.apply(plan([one]));
      expect(await it.datagram('10.0.1.5', 5_353, 4_001)).toBe(first);
      await it.balancers.apply(plan([two]));
      const second = await it.datagram('10.0.1.5', 5_353);
      expect(second).toMatch(/^port 32769 for 2(4[1-9]|5[0-4])\./);
      const elsewhere = await it.datagram('10.0.2.5', 5_353);
      expect(elsewhere).toMatch(/^port 32769 for 2(4[1-9]|5[0-4])\./);
      expect(new Set([first, second, elsewhere].map((said) => said.split(' for ')[1])).size).toBe(3);
    });

    it('bring nothing to the machine but datagrams of targets, whatever a node sends', async () => {
      await using it = await open();
      const one = { ...(await it.serveBoth('host', 32_768)), id: 'i-1', address: '127.0.0.1' };
      await it.balancers.apply(datagramPlan(it, { targets: [one], targetType: 'instance' }));
      await it.until(() => it.stateOf('i-1:32768') === 'healthy');
      expect(await it.datagram('10.0.1.5', 5_353)).toContain('port 32768');
      // What other rules of the machine's are flushed with is made again.
      using nftables = new Nftables(it.machine.host);
      nftables.run('flush ruleset\n');
      await it.until(async () => (await it.datagram('10.0.1.5', 5_353, 0, 1_000)) !== '');
      const [node = ''] = namesOfNamespaces(`catamaranlb-${it.machine.installationId}-`);
      using namespace = new Namespace(`${namesDirectory}/${node}`);
      const asked = (address: string) =>
        namespace.run(() => run('busybox', ['nc', '-w', '1', address, '32768'], { timeout: 5_000 }));
      await expect(asked('240.0.0.1')).rejects.toThrow();
    });

    it('keep a flow of datagrams with its target for as long as that is there', async () => {
      await using it = await open();
      const targets = [await it.serveBoth('10.0.1.20', 53), await it.serveBoth('10.0.2.20', 53)];
      const [one, two] = targets as [TargetPlan, TargetPlan];
      await it.balancers.apply(datagramPlan(it, { targets: [one] }));
      await it.until(() => it.stateOf('10.0.1.20:53') === 'healthy');
      const asked = () => it.datagram('10.0.1.5', 5_353, 4_000);
      expect(await asked()).toBe('10.0.1.20 for 10.0.1.5');
      await it.balancers.apply(datagramPlan(it, { targets: [{ ...one, isDraining: true }, two] }));
      await it.until(() => it.stateOf('10.0.2.20:53') === 'healthy');
      expect(await it.datagram('10.0.1.5', 5_353)).toBe('10.0.2.20 for 10.0.1.5');
      expect(await asked()).toBe('10.0.1.20 for 10.0.1.5');
      await it.balancers.apply(datagramPlan(it, { targets: [two] }));
      expect(await asked()).toBe('10.0.2.20 for 10.0.1.5');
      // Whom nothing ends goes on, though it is no target any more.
      await it.balancers.apply(datagramPlan(it, { targets: [one], terminatesConnections: false }));
      await it.until(() => it.stateOf('10.0.1.20:53') === 'healthy');
      expect(await it.datagram('10.0.1.5', 5_353)).toBe('10.0.1.20 for 10.0.1.5');
      expect(await asked()).toBe('10.0.2.20 for 10.0.1.5');
    });

    it('keep all datagrams of a client with one target where clients are sticky', async () => {
      await using it = await open();
      const targets = [await it.serveBoth('10.0.1.20', 53), await it.serveBoth('10.0.2.20', 53)];
      await it.balancers.apply(datagramPlan(it, { targets, stickiness: { type: 'source_ip' } }));
      await it.until(() => targets.every(({ id }) => it.stateOf(`${id}:53`) === 'healthy'));
      const answers = new Set<string>();
      for (let count = 0; count < 8; count += 1) answers.add(await it.datagram('10.0.1.5', 5_353));
      expect(answers.size).toBe(1);
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

/** Of UDP on port 5353, to one target group. */
function datagramPlan(it: BalancerMachine, changes: Partial<TargetGroupPlan>): LoadBalancerPlan {
  const healthCheck = { ...group('one').healthCheck, protocol: 'TCP' as const, matcher: [] };
  const udp = { protocol: 'UDP', healthCheck, terminatesConnections: true } as const;
  return it.plan({
    type: 'network',
    listeners: [listener({ port: 5_353, protocol: 'UDP' })],
    targetGroups: [group('one', { ...udp, ...changes })],
  });
}
