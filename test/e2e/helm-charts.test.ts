import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from './installation.ts';
import { nodeProgram } from './node-program.ts';
import { PodCluster } from './pod-cluster.ts';

const charts = fileURLToPath(new URL('charts/', import.meta.url));
const chart = (name: string): string => join(charts, name);
const wait = ['--wait', '--timeout', '100s'];

/** What public charts are made of, with real pods: a store, an exporter, a site, an operator, an application of several charts. */
describe('charts', () => {
  let cluster: PodCluster;
  const k = (...args: string[]) => cluster.k(...args);
  const tryHelm = (...args: string[]) => cluster.sayHelm(...args);
  const seen = () => k('get', 'pods,events', '-A');
  const helm = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await tryHelm(...args);
    if (code !== 0) throw new Error(`helm ${args.join(' ')}: ${stdout}${stderr}\n${await seen()}`);
    return stdout;
  };
  const inPod = (name: string, command: string) => k('exec', name, '--', '/bin/sh', '-c', command);
  const read = (of: string, path: string) => k('get', of, '-o', `jsonpath=${path}`);

  beforeAll(async () => {
    cluster = await PodCluster.start(2);
    await cluster.mayBalance();
  }, 300_000);
  afterAll(() => cluster?.[Symbol.asyncDispose]());

  it('of a store: its data and its password outlast upgrades, and its claims the release', async () => {
    await helm('install', 'kept', chart('anchor'), ...wait);
    const password = await read('secret/kept-anchor', '{.data.password}');
    const nodes = await read('pods', '{.items[*].spec.nodeName}');
    expect(new Set(nodes.split(' ')).size).toBe(2);
    expect(await helm('test', 'kept', '--logs')).toMatch(/Phase: +Succeeded[\s\S]*\nahoy\n/);

    await helm('upgrade', 'kept', chart('anchor'), '--set', 'greeting=hello', ...wait);
    expect(await read('secret/kept-anchor', '{.data.password}')).toBe(password);
    const first = `kept-anchor-1 ${Buffer.from(password, 'base64')}\n`;
    expect(await inPod('kept-anchor-1', 'cat /data/first /data/greeting')).toBe(`${first}hello`);

    await helm('uninstall', 'kept', ...wait);
    expect(await k('get', 'statefulset,secret,pdb,networkpolicy', '-o', 'name')).toBe('');
    expect(await k('get', 'pvc', '-o', 'name')).toBe(
      'persistentvolumeclaim/data-kept-anchor-0\npersistentvolumeclaim/data-kept-anchor-1\n',
    );
  }, 300_000);

  it('of an exporter: one pod on each node, in the network and among the processes of it', async () => {
    await helm('install', 'light', chart('beacon'), '-n', 'watch', '--create-namespace', ...wait);
    const addresses = async () => (await read('nodes', '{.items[*].status.addresses[0].address}')).split(' ');
    const ask = async (path: string) => {
      const [first = '', second = ''] = await addresses();
      return k(
        'exec',
        '-n',
        'watch',
        'ds/light',
        '--',
        'wget',
        '-qO-',
        `http://${first}:9100${path}`,
        `http://${second}:9100${path}`,
      );
    };
    expect(await ask('/')).toMatch(/^white ip-\S+\nwhite ip-\S+\n$/);
    expect(await ask('/uptime')).toMatch(/^([\d.]+ [\d.]+\n){2}$/);
    await helm('upgrade', 'light', chart('beacon'), '-n', 'watch', '--set', 'colour=red', ...wait);
    expect(await ask('/')).toMatch(/^red ip-\S+\nred ip-\S+\n$/);
    await helm('uninstall', 'light', '-n', 'watch', ...wait);
    expect(await k('get', 'clusterrole,clusterrolebinding', '-o', 'name')).not.toContain('light');
  }, 300_000);

  it('of a site: nothing changes where its migration fails, and what does not come up is taken back', async () => {
    const site = ['quay', chart('quay')];
    await helm('install', ...site, ...wait);
    expect(await k('logs', 'job/quay-contract')).toBe('contract 1\n');
    const served = () =>
      k('exec', 'deploy/quay', '--', '/bin/sh', '-c', 'wget -qO- http://$QUAY_SERVICE_HOST/');
    // Who is ready, a service and its nodes hear of a moment later.
    const serves = (text: string) => expect.poll(served).toBe(`${text}\n`);
    await serves('first');

    const failed = await tryHelm('upgrade', ...site, '--set', 'text=second,migration=false', ...wait);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain('pre-upgrade hooks failed');
    await serves('first');
    await helm('upgrade', ...site, '--set', 'text=third', ...wait);
    await serves('third');

    const late = await tryHelm(
      'upgrade',
      ...site,
      ...['--set', 'text=fourth,ready=false', '--rollback-on-failure', '--wait', '--timeout', '30s'],
    );
    expect(late.code).toBe(1);
    expect(late.stderr).toContain('has been rolled back due to rollback-on-failure being set');
    // Files of a ConfigMap follow it.
    await serves('third');
    const history: readonly { readonly status: string }[] = JSON.parse(
      await helm('history', 'quay', '-o', 'json'),
    );
    const statuses = history.map(({ status }) => status).join(' ');
    expect(statuses).toBe('superseded failed superseded failed deployed');
    const scaled = () => read('hpa/quay', '{.spec.minReplicas} {.status.currentReplicas}');
    await expect.poll(scaled).toBe('2 2');

    const balancer = await waitFor('the balancer of the Ingress', async () => {
      const name = await read('ingress/quay', '{.status.loadBalancer.ingress[0].hostname}');
      return name || undefined;
    }).catch(async (error) => {
      throw new Error(await seen(), { cause: error });
    });
    const through = (host: string) =>
      cluster.say(
        ...['exec', 'deploy/quay', '--', 'wget', '-qO-', '--header', `Host: ${host}`, `http://${balancer}/`],
      );
    await waitFor('an answer through it', async () =>
      (await through('quay.example.com')).stdout === 'third\n' ? true : undefined,
    );
    await waitFor('no answer for another host', async () =>
      (await through('other.example.com')).stderr.includes('404 Not Found') ? true : undefined,
    );
    await helm('uninstall', 'quay', ...wait);
  }, 600_000);

  it('of an operator: its kind, its judge and its right to look after them, also after its definition has changed', async () => {
    const { command, volumeMounts, volumes } = await nodeProgram('pilot', '');
    const values = join(cluster.installation.stateDirectory, 'pilot.json');
    await writeFile(values, JSON.stringify({ program: { command, volumeMounts, volumes } }));
    const pilot = [chart('pilot'), '-f', values];
    const voyage = (name: string, spec: object) =>
      cluster.apply({ apiVersion: 'pilot.example.com/v1', kind: 'Voyage', metadata: { name }, spec });
    // Its judge is in reach a moment after it is ready.
    const sails = async (name: string, spec: object) => {
      let seen = '';
      await waitFor(
        `${name} to sail`,
        () =>
          voyage(name, spec).then(
            () => true,
            (error: Error) => {
              seen = error.message;
              return undefined;
            },
          ),
        () => seen,
      );
    };
    const portOf = (name: string) =>
      waitFor('its port', async () => (await read(`voyage/${name}`, '{.status.port}')) || undefined);

    await helm('install', 'pilot', ...pilot, ...wait);
    await sails('home', { to: 'Ithaca' });
    expect(await portOf('home')).toBe('port of Ithaca');
    await expect(voyage('lost', { to: 'nowhere' })).rejects.toThrow(
      'admission webhook "voyages.pilot.example.com" denied the request: nobody sails to nowhere',
    );
    await expect(voyage('marked', { to: 'Troy', flag: 'black' })).rejects.toThrow('unknown field "flag"');

    await helm('upgrade', 'pilot', ...pilot, '--set', 'withFlag=true', ...wait);
    await sails('marked', { to: 'Troy', flag: 'black' });
    expect(await portOf('marked')).toBe('port of Troy');
    expect(await read('voyage/home', '{.spec.flag}')).toBe('none');

    await helm('uninstall', 'pilot', ...wait);
    expect(await read('voyages', '{.items[*].metadata.name}')).toBe('home marked');
    const second = ['-n', 'second', '--create-namespace', '--set', 'withFlag=true', ...wait];
    const other = await tryHelm('install', 'pilot', ...pilot, ...second);
    expect(other.stderr).toContain('invalid ownership metadata; annotation validation error');
    await helm('install', 'pilot', ...pilot, '--take-ownership', ...second);
    await waitFor('it to be annotated', async () =>
      (await cluster.say('annotate', 'voyage/home', 'seen=true')).code === 0 ? true : undefined,
    );
    await expect(
      k('patch', 'voyage/home', '--type=merge', '-p', '{"spec":{"to":"nowhere"}}'),
    ).rejects.toThrow('nobody sails');
    await helm('uninstall', 'pilot', '-n', 'second', ...wait);
  }, 500_000);

  it('under a chart: some are left out, jobs begin what they need, and what is to stay stays', async () => {
    const fleet = join(cluster.installation.stateDirectory, 'flotilla');
    await cp(chart('flotilla'), fleet, { recursive: true });
    await cp(chart('anchor'), join(fleet, '..', 'anchor'), { recursive: true });
    await helm('dependency', 'update', fleet);
    const refused = await tryHelm('install', 'fleet', fleet, '--set', 'schedule=hourly');
    expect(refused.stderr).toContain("at '/schedule': 'hourly' does not match pattern");

    expect(await helm('install', 'fleet', fleet, ...wait, '--wait-for-jobs')).toContain(
      'fleet sails with one.',
    );
    expect(await k('logs', 'job/fleet-launch')).toMatch(/^aft$/m);
    expect(await k('get', 'jobs', '-o', 'name')).not.toContain('toast');
    await k('create', 'job', 'now', '--from=cronjob/fleet-watch');
    await k('wait', 'job/now', '--for=condition=Complete', '--timeout=100s');
    expect(await k('logs', 'job/now')).toBe('all is well\n');
    const dry = await helm('upgrade', 'fleet', fleet, '--set', 'bow.enabled=true', '--dry-run=server');
    expect(dry).toContain(`password: ${await read('secret/fleet-stern', '{.data.password}')}`);
    await helm('uninstall', 'fleet', ...wait);
    expect(await read('pvc/fleet-log', '{.status.phase}')).toBe('Bound');
  }, 400_000);
});
