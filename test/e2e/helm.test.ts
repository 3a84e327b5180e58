import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ClusterInProcess, type Ran, startClusterInProcess } from './cluster-in-process.ts';
import { fetchHelm, fetchKubectl } from './kubectl.ts';

const chart = fileURLToPath(new URL('charts/tide', import.meta.url));

/** The real helm 4 with a chart that has some of everything: a definition with its resource, roles, a workload, a hook. */
describe('helm', () => {
  let cluster: ClusterInProcess;
  let helmPath: string;
  let kubectl: string;
  beforeAll(async () => {
    [helmPath, kubectl, cluster] = await Promise.all([fetchHelm(), fetchKubectl(), startClusterInProcess()]);
  }, 180_000);
  afterAll(() => cluster?.[Symbol.asyncDispose]());

  const tryHelm = (...args: string[]): Promise<Ran> => cluster.run(helmPath, [...args, '-n', 'tides']);
  const helm = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await tryHelm(...args);
    expect(code, `helm ${args.join(' ')}\n${stderr}`).toBe(0);
    return stdout;
  };
  const k = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await cluster.run(kubectl, ['-n', 'tides', ...args]);
    expect(code, `kubectl ${args.join(' ')}\n${stderr}`).toBe(0);
    return stdout;
  };
  const depth = (release: string) => k('get', 'cm', `${release}-settings`, '-o', 'jsonpath={.data.depth}');
  const replicas = () => k('get', 'deploy', 'low', '-o', 'jsonpath={.spec.replicas}');
  const managers = (object: string) =>
    k('get', object, '-o', 'jsonpath={range .metadata.managedFields[*]}{.manager}/{.operation} {end}');

  it('installs a chart with its definitions, by server-side apply', async () => {
    expect(await helm('install', 'low', chart, '--create-namespace')).toContain('STATUS: deployed');
    const list = JSON.parse(await helm('list', '-o', 'json'));
    expect(list).toMatchObject([{ name: 'low', revision: '1', status: 'deployed', chart: 'tide-1.0.0' }]);
    expect(await depth('low')).toBe('12');
    expect(await k('get', 'gauge', 'low', '-o', 'jsonpath={.spec.depth}')).toBe('12');
    expect(await k('get', 'secret', 'low-password', '-o', 'jsonpath={.data.password}')).toBe('aHVzaA==');
    expect(await managers('cm/low-settings')).toBe('helm/Apply ');
    expect(await k('auth', 'can-i', 'list', 'cm', '--as=system:serviceaccount:tides:low')).toBe('yes\n');
  });

  it('upgrades, and does not take over what somebody else has changed', async () => {
    expect(await helm('upgrade', 'low', chart, '--set', 'depth=13,replicas=3')).toContain('REVISION: 2');
    expect([await depth('low'), await replicas()]).toEqual(['13', '3']);
    expect(await k('get', 'cm', 'low-hook', '-o', 'jsonpath={.data.revision}')).toBe('2');
    await k('scale', 'deploy/low', '--replicas=5');
    const refused = await tryHelm('upgrade', 'low', chart, '--set', 'replicas=4');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(
      'Apply failed with 1 conflict: conflict with "kubectl" with subresource "scale" using apps/v1: .spec.replicas',
    );
    expect(await replicas()).toBe('5');
    await helm('upgrade', 'low', chart, '--set', 'replicas=4', '--force-conflicts');
    expect(await replicas()).toBe('4');
  });

  it('rolls back, and knows what was', async () => {
    await helm('rollback', 'low', '2');
    expect([await depth('low'), await replicas()]).toEqual(['13', '3']);
    const history = JSON.parse(await helm('history', 'low', '-o', 'json')) as { readonly status: string }[];
    expect(history.map(({ status }) => status)).toEqual([
      ...['superseded', 'superseded', 'failed', 'superseded', 'deployed'],
    ]);
  });

  it('goes on by server-side apply with what it installed the old way', async () => {
    await helm('install', 'high', chart, '--server-side=false', '--skip-crds');
    expect(await managers('cm/high-settings')).toBe('helm/Update ');
    await helm('upgrade', 'high', chart, '--server-side=false', '--set', 'depth=14');
    expect(await depth('high')).toBe('14');
    await helm('upgrade', 'high', chart, '--server-side=true', '--set', 'depth=15');
    expect([await depth('high'), await managers('cm/high-settings')]).toEqual(['15', 'helm/Apply ']);
    expect(await helm('upgrade', '--install', 'dry', chart, '--dry-run=server')).toContain('name: "dry"');
    await helm('uninstall', 'high');
  });

  it('uninstalls what it installed, and its definitions stay', async () => {
    expect(await helm('uninstall', 'low')).toContain('release "low" uninstalled');
    expect(JSON.parse(await helm('list', '-o', 'json'))).toEqual([]);
    const wait = ['--for=delete', '--timeout=100s'];
    await k('wait', ...wait, 'rs,pods', '-l', 'app=tide');
    expect(await k('get', 'deploy,rs,svc,role,rolebinding,gauge,secret', '-o', 'name')).toBe('');
    expect(await k('get', 'crd', '-o', 'name')).toContain('gauges.tide.example.com');
    expect(cluster.troubles()).toEqual([]);
  });
});
