import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { addCounts, noClientCounts, noGroupCounts } from '../../../balancing/index.ts';
import { namesOfNamespaces } from '../../linux/namespace-names.ts';
import { BalancerError } from '../balancer.ts';
import { describeBalancerConformance } from '../conformance/balancers.ts';
import { whyNoHaproxy } from '../open.ts';
import type { BalancerMachine } from '../testing/machine.ts';
import { forwardTo, group, listener, rule, target } from '../testing/plans.ts';
import { processesBelow } from './process.ts';

const why = await whyNoHaproxy();
const open = async (): Promise<BalancerMachine> => (await import('../testing/haproxy.ts')).openMachine();

const pidsOf = ({ directory }: BalancerMachine): number[] =>
  processesBelow(directory)
    .map(({ pid }) => pid)
    .sort();

describeBalancerConformance('HAProxy', open, why);

describe.skipIf(why !== undefined)(`load balancers by HAProxy ${why ?? ''}`, () => {
  it('tell a running process of new targets, and begin another one for new rules', async () => {
    await using it = await open();
    const targets = [await it.serve('10.0.1.20'), await it.serve('10.0.2.20')];
    const plan = (count: number) =>
      it.plan({ targetGroups: [group('one', { targets: targets.slice(0, count) })] });
    await it.balancers.apply(plan(1));
    const pids = pidsOf(it);
    await it.balancers.apply(plan(2));
    await it.close();
    await it.balancers.apply(plan(2));
    expect(pidsOf(it)).toEqual(pids);
    await it.balancers.apply({ ...plan(2), listeners: [listener(), listener({ port: 81 })] });
    await it.until(() => pidsOf(it).length === 2 && pidsOf(it).every((pid) => !pids.includes(pid)));
  });

  it('refuse what would be read as configuration, and say what HAProxy says to it', async () => {
    await using it = await open();
    const targets = [await it.serve('10.0.1.20')];
    const planned = it.plan({ targetGroups: [group('one', { targets })] });
    await it.balancers.apply(planned);
    const methods = ['GET\nuser root'];
    const rules = [
      rule(1, { type: 'fixed-response', statusCode: 200 }, [{ field: 'http-request-method', methods }]),
      rule('default', forwardTo('one')),
    ];
    await expect(it.balancers.apply({ ...planned, listeners: [listener({ rules })] })).rejects.toThrow(
      BalancerError,
    );
    const unknown = group('one', { targets, healthCheck: { ...group('one').healthCheck, timeout: -1 } });
    await expect(it.balancers.apply({ ...planned, targetGroups: [unknown] })).rejects.toThrow(
      /HAProxy refuses the configuration: .*timeout/,
    );
    expect(await it.curl('http://10.0.1.5/')).toBe('10.0.1.20');
  });

  it('begin again when HAProxy ends or hangs', async () => {
    await using it = await open();
    const targets = [await it.serve('10.0.1.20'), target('10.0.1.21')];
    await it.balancers.apply(it.plan({ targetGroups: [group('one', { targets })] }));
    await it.until(() => it.stateOf('10.0.1.20:80') === 'healthy');
    await it.until(() => it.stateOf('10.0.1.21:80') === 'unhealthy');
    for (const signal of ['SIGKILL', 'SIGSTOP'] as const) {
      const [pid = 0] = pidsOf(it);
      process.kill(pid, signal);
      await it.until(() => !pidsOf(it).includes(pid) && pidsOf(it).length === 2);
      await it.until(() => it.nodes.every(({ isUp }) => isUp));
      for (const address of ['10.0.1.5', '10.0.2.5']) {
        expect(await it.curl(`http://${address}/`)).toBe('10.0.1.20');
      }
      expect(it.stateOf('10.0.1.21:80')).toBe('unhealthy');
    }
  });

  it('count what each process carries once, through changes of rules and of who looks after them', async () => {
    await using it = await open();
    const targets = [await it.serve('10.0.1.20')];
    const answer = { type: 'fixed-response', statusCode: 404 } as const;
    const lost = rule(1, answer, [{ field: 'path-pattern', patterns: ['/lost'] }]);
    const plan = (port: number) => ({
      ...it.plan({ targetGroups: [group('one', { targets })] }),
      listeners: [listener({ rules: [lost, rule('default', forwardTo('one'))] }), listener({ port })],
    });
    const told = () => {
      const groups = it.traffic.flatMap(({ targetGroups }) => [...targetGroups.values()]);
      const clients = it.traffic.map((report) => report.clients).reduce(addCounts, noClientCounts);
      return { clients, group: groups.reduce(addCounts, noGroupCounts) };
    };
    let asked = 0;
    const ask = async (): Promise<void> => {
      asked += 3;
      for (const path of ['', '', '', 'lost']) await it.curl(`http://10.0.1.5/${path}`);
      await it.until(() => told().group.target2xx >= asked && told().clients.own4xx >= asked / 3);
    };
    await it.balancers.apply(plan(81));
    await it.until(() => it.stateOf('10.0.1.20:80') === 'healthy');
    await ask();
    await it.balancers.apply(plan(82));
    await ask();
    await it.close();
    await it.balancers.apply(plan(82));
    await ask();
    const { clients, group: ofGroup } = told();
    expect(ofGroup).toMatchObject({ requests: 9, target2xx: 9, target4xx: 0, connectionErrors: 0 });
    expect(clients).toMatchObject({ newConnections: 12, own4xx: 3, own5xx: 0 });
    expect(clients.bytes).toBeGreaterThan(1_000);
  });

  it('leave nothing behind', async () => {
    await using it = await open();
    const targets = [await it.serve('10.0.1.20')];
    const planned = it.plan({ targetGroups: [group('one', { targets })] });
    await it.balancers.apply(planned);
    // Its second node goes, with what is known of it; then all of it, by a process that knows nothing yet.
    await it.balancers.apply({ ...planned, nodes: planned.nodes.slice(0, 1) });
    const namespaces = (): string[] => namesOfNamespaces(`catamaranlb-${it.machine.installationId}-`);
    expect([pidsOf(it).length, namespaces().length]).toEqual([1, 1]);
    await it.close();
    await it.balancers.removeOthers([]);
    await it.until(() => pidsOf(it).length === 0);
    expect(namespaces()).toEqual([]);
    expect(readdirSync(it.directory)).toEqual([]);
    await it.balancers.remove(planned.id);
  });
});
