import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ClusterInProcess, type Ran, startClusterInProcess } from './cluster-in-process.ts';
import { waitFor } from './installation.ts';
import { fetchKubectl, kubectlVersions } from './kubectl.ts';

/** The ways in which the real kubectl changes and deletes what it has. */
describe.each(kubectlVersions)('kubectl %s', (version) => {
  let cluster: ClusterInProcess;
  let kubectl: string;
  beforeAll(async () => {
    [kubectl, cluster] = await Promise.all([fetchKubectl(version), startClusterInProcess()]);
  }, 180_000);
  afterAll(() => cluster?.[Symbol.asyncDispose]());

  const tryK = (args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ran> =>
    cluster.run(kubectl, args, env);
  const k = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await tryK(args);
    expect(code, `kubectl ${args.join(' ')}\n${stderr}`).toBe(0);
    return stdout;
  };
  const write = (name: string, text: string, mode?: number): string => {
    const path = join(cluster.directory, name);
    writeFileSync(path, text, { mode });
    return path;
  };
  const manifest = (name: string, data: string, labels = '') =>
    `{apiVersion: v1, kind: ConfigMap, metadata: {name: ${name}, labels: {${labels}}}, data: {${data}}}\n`;
  const data = (name: string) => k('get', 'cm', name, '-o', 'jsonpath={.data}');

  it('applies on the server what it had applied itself, and takes back what is not said any more', async () => {
    const file = write('one.yaml', manifest('one', 'a: "1", b: "2"'));
    expect(await k('apply', '-f', file)).toBe('configmap/one created\n');
    expect(await k('apply', '--server-side', '-f', file)).toBe('configmap/one serverside-applied\n');
    write('one.yaml', manifest('one', 'a: "1"'));
    await k('apply', '--server-side', '-f', file);
    expect(await data('one')).toBe('{"a":"1"}');
    const managers = await k('get', 'cm', 'one', '-o', 'jsonpath={.metadata.managedFields[*].manager}');
    // In the order of their times, which may be of the same second.
    expect(managers.split(' ').toSorted()).toEqual(['kubectl', 'kubectl-last-applied']);
  });

  it('says who owns what another one applies, and forces it', async () => {
    const file = write('one.yaml', manifest('one', 'a: "2"'));
    const other = ['apply', '--server-side', '--field-manager=other', '-f', file];
    const refused = await tryK(other);
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringContaining(
        'error: Apply failed with 1 conflict: conflict with "kubectl": .data.a\nPlease review',
      ),
    ]);
    await k(...other, '--force-conflicts');
    expect(await data('one')).toBe('{"a":"2"}');
  });

  it('applies the items of a List, and says what is wrong with one of them before it sends any', async () => {
    const item = (name: string, more: object = {}) => ({
      ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { a: '1' }, ...more },
    });
    const listOf = (...items: readonly object[]) =>
      write('list.json', JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
    const service = {
      ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'listed', labels: { app: 'web' } } },
      spec: { ports: [{ port: 80, targetPort: 'http' }], selector: { app: 'web' } },
    };
    expect(await k('apply', '-f', listOf(item('listed'), service))).toBe(
      'configmap/listed created\nservice/listed created\n',
    );
    const refused = await tryK(['apply', '-f', listOf(item('other'), item('wrong', { dat: {} }))]);
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringContaining('unknown field "dat" in io.k8s.api.core.v1.ConfigMap'),
    ]);
    expect(await k('get', 'cm', 'other', '--ignore-not-found')).toBe('');
  });

  it('shows what would change, in both ways, and changes nothing', async () => {
    const file = write('two.yaml', manifest('two', 'a: "1"'));
    await k('apply', '-f', file);
    expect((await tryK(['diff', '-f', file])).code).toBe(0);
    write('two.yaml', manifest('two', 'a: "2"'));
    for (const way of [[], ['--server-side', '--force-conflicts']]) {
      const { code, stdout } = await tryK(['diff', ...way, '-f', file]);
      expect([code, stdout]).toEqual([1, expect.stringContaining('-  a: "1"\n+  a: "2"')]);
    }
    expect(await data('two')).toBe('{"a":"1"}');
  });

  it('replaces, labels, annotates and edits', async () => {
    const file = write('three.yaml', manifest('three', 'a: "1"'));
    await k('create', '-f', file);
    write('three.yaml', manifest('three', 'a: "2"'));
    expect(await k('replace', '-f', file)).toBe('configmap/three replaced\n');
    await k('label', 'cm', 'three', 'tier=deep');
    await k('annotate', 'cm', 'three', 'note=mind the tide');
    const editor = write('editor.sh', '#!/bin/sh\nsed -i \'s/a: "2"/a: "3"/\' "$1"\n', 0o755);
    const edited = await tryK(['edit', 'cm', 'three'], { EDITOR: editor, KUBE_EDITOR: editor });
    expect([edited.code, edited.stdout]).toEqual([0, 'configmap/three edited\n']);
    expect(await data('three')).toBe('{"a":"3"}');
    expect(await k('get', 'cm', '-l', 'tier=deep', '-o', 'name')).toBe('configmap/three\n');
  });

  it('prunes what a set of files no longer has', async () => {
    const both = `${manifest('four', '', 'set: "4"')}---\n${manifest('five', '', 'set: "4"')}`;
    const file = write('set.yaml', both);
    const prune = ['apply', '-f', file, '--prune', '-l', 'set=4', '--prune-allowlist=core/v1/ConfigMap'];
    await k(...prune);
    write('set.yaml', manifest('four', '', 'set: "4"'));
    expect(await k(...prune)).toContain('configmap/five pruned');
    expect(await k('get', 'cm', '-l', 'set=4', '-o', 'name')).toBe('configmap/four\n');
  });

  it('waits until something is gone', async () => {
    // One that begins when it is gone already has nothing to say.
    const waited = await waitFor('one to wait before the other deletes', async () => {
      await k('create', 'cm', 'six');
      const [said] = await Promise.all([
        k('wait', '--for=delete', 'cm/six', '--timeout=100s'),
        k('get', 'cm', 'six').then(() => k('delete', 'cm', 'six')),
      ]);
      return said || undefined;
    });
    expect(waited).toBe('configmap/six condition met\n');
  });

  it('deletes what is owned before, after, or not at all', async () => {
    const owned = () => k('get', 'rs', '-l', 'app=web', '-o', 'name');
    for (const cascade of ['foreground', 'background', 'orphan']) {
      await k('create', 'deployment', 'web', '--image=nginx', '--replicas=2');
      await k('wait', '--for=create', 'rs', '-l', 'app=web', '--timeout=100s');
      await k('rollout', 'status', 'deploy/web', '--watch=false');
      expect(await k('delete', 'deploy', 'web', `--cascade=${cascade}`)).toContain('"web" deleted');
      if (cascade === 'orphan') {
        expect(await owned()).toMatch(/^replicaset.apps\/web-/);
        await k('delete', 'rs', '-l', 'app=web', '--cascade=foreground');
      }
      // What follows in the background may take a moment.
      await k('wait', '--for=delete', 'rs,pods', '-l', 'app=web', '--timeout=100s');
      expect(await owned()).toBe('');
    }
    expect(cluster.troubles()).toEqual([]);
  }, 300_000);
});
