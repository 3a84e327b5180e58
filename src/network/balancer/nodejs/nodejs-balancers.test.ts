import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { addCounts, noClientCounts, noGroupCounts } from '../../../balancing/index.ts';
import { namesOfNamespaces } from '../../linux/namespace-names.ts';
import { whyNoVpcs } from '../../linux/open.ts';
import { describeBalancerConformance } from '../conformance/balancers.ts';
import type { BalancerMachine } from '../testing/machine.ts';
import { fixed, forwardTo, group, listener, rule, target } from '../testing/plans.ts';

const why = await whyNoVpcs();
const open = async (version?: () => string): Promise<BalancerMachine> =>
  (await import('../testing/nodejs.ts')).openMachine(version);

const proxiesOf = async ({ directory }: BalancerMachine) =>
  (await import('./proxy-process.ts')).proxiesBelow(directory);
const pidsOf = async (it: BalancerMachine): Promise<number[]> =>
  (await proxiesOf(it)).map(({ pid }) => pid).sort();

describeBalancerConformance('Node', open, why);

describe.skipIf(why !== undefined)(`load balancers by Node ${why ?? ''}`, () => {
  it('tell a running process whatever changes, also one that was left alone', async () => {
    await using it = await open();
    const targets = [await it.serve('10.0.1.20')];
    const planned = it.plan({ targetGroups: [group('one', { targets })] });
    await it.balancers.apply(planned);
    const pids = await pidsOf(it);
    expect(pids).toHaveLength(2);
    await it.close();
    const listeners = [listener(), listener({ port: 81, rules: [rule('default', fixed('other'))] })];
    await it.balancers.apply({ ...planned, listeners });
    expect(await it.curl('http://10.0.1.5:81/')).toBe('other');
    await it.balancers.apply({ ...planned, listeners: listeners.slice(1) });
    await expect(it.curl('http://10.0.1.5/')).rejects.toThrow();
    expect(await pidsOf(it)).toEqual(pids);
  });

  it('begin again when a process ends or hangs, and know what they knew of targets', async () => {
    await using it = await open();
    const targets = [await it.serve('10.0.1.20'), target('10.0.1.21')];
    await it.balancers.apply(it.plan({ targetGroups: [group('one', { targets })] }));
    await it.until(() => it.stateOf('10.0.1.20:80') === 'healthy');
    await it.until(() => it.stateOf('10.0.1.21:80') === 'unhealthy');
    const [pid = 0] = await pidsOf(it);
    process.kill(pid, 'SIGKILL');
    await it.until(async () => !(await pidsOf(it)).includes(pid) && (await pidsOf(it)).length === 2);
    await it.until(() => it.nodes.every(({ isUp }) => isUp));
    for (const address of ['10.0.1.5', '10.0.2.5']) {
      expect(await it.curl(`http://${address}/`)).toBe('10.0.1.20');
    }
    expect(it.stateOf('10.0.1.21:80')).toBe('unhealthy');
  });

  it('give way to a process of another program without losing a request', async () => {
    let version = 'one';
    await using it = await open(() => version);
    const targets = [await it.serve('10.0.1.20')];
    const planned = it.plan({ targetGroups: [group('one', { targets })] });
    await it.balancers.apply(planned);
    await it.until(() => it.stateOf('10.0.1.20:80') === 'healthy');
    const statuses: string[] = [];
    const asking = new AbortController();
    const asked = (async () => {
      const both = ['http://10.0.1.5/', 'http://10.0.1.5/a'];
      while (!asking.signal.aborted) statuses.push(await it.curl('-w', ' %{http_code} ', ...both));
    })();
    await it.close();
    version = 'two';
    await it.balancers.apply(planned);
    await it.until(async () => (await proxiesOf(it)).map((proxy) => proxy.version).join() === 'two,two');
    asking.abort();
    await asked;
    expect(new Set(statuses.join('').trim().split(/ +/))).toEqual(new Set(['10.0.1.20', '200']));
  });

  it('count what each process carries once', async () => {
    await using it = await open();
    const targets = [await it.serve('10.0.1.20')];
    const lost = rule(1, fixed('', 404), [{ field: 'path-pattern', patterns: ['/lost'] }]);
    const listeners = [listener({ rules: [lost, rule('default', forwardTo('one'))] })];
    const planned = it.plan({ targetGroups: [group('one', { targets })], listeners });
    const told = () => {
      const groups = it.traffic.flatMap(({ targetGroups }) => [...targetGroups.values()]);
      const clients = it.traffic.map((report) => report.clients).reduce(addCounts, noClientCounts);
      return { clients, group: groups.reduce(addCounts, noGroupCounts) };
    };
    const ask = async (asked: number): Promise<void> => {
      for (const path of ['', '', 'lost']) await it.curl(`http://10.0.1.5/${path}`);
      await it.until(() => told().group.target2xx >= 2 * asked && told().clients.own4xx >= asked);
    };
    await it.balancers.apply(planned);
    await it.until(() => it.stateOf('10.0.1.20:80') === 'healthy');
    await ask(1);
    await it.close();
    await it.balancers.apply(planned);
    await ask(2);
    const { clients, group: ofGroup } = told();
    expect(ofGroup).toMatchObject({ requests: 4, target2xx: 4, connectionErrors: 0 });
    expect(clients).toMatchObject({ newConnections: 6, own4xx: 2, own5xx: 0 });
    expect(clients.bytes).toBeGreaterThan(500);
  });

  it('refuse by name what only HAProxy carries', async () => {
    await using it = await open();
    const targetGroups = [group('one', { protocolVersion: 'GRPC' })];
    await expect(it.balancers.apply(it.plan({ targetGroups }))).rejects.toThrow(
      'speak GRPC, which needs HAProxy',
    );
    const planned = it.plan();
    const attributes = { ...planned.attributes, isLogged: true };
    await expect(it.balancers.apply({ ...planned, attributes })).rejects.toThrow('access_logs.s3.enabled');
    expect(await pidsOf(it)).toEqual([]);
  });

  it('leave nothing behind', async () => {
    await using it = await open();
    await it.balancers.apply(it.plan());
    const namespaces = (): string[] => namesOfNamespaces(`catamaranlb-${it.machine.installationId}-`);
    expect([(await pidsOf(it)).length, namespaces().length]).toEqual([2, 2]);
    await it.close();
    await it.balancers.removeOthers([]);
    await it.until(async () => (await pidsOf(it)).length === 0);
    expect(namespaces()).toEqual([]);
    expect(readdirSync(it.directory)).toEqual([]);
  });
});
