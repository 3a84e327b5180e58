import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from './installation.ts';
import { PodCluster } from './pod-cluster.ts';

/** What people do with kubectl in pods that run, by its unmodified commands. */
describe('kubectl', () => {
  let cluster: PodCluster;
  const k = (...args: string[]) => cluster.k(...args);
  beforeAll(async () => {
    cluster = await PodCluster.start(1);
    const talk = 'while read line; do echo "heard $line"; done; sleep 3600';
    const serve = 'mkdir /www && echo hello > /www/index.html && exec httpd -f -p 8080 -h /www';
    await cluster.apply(
      pod('web', cluster.container(serve)),
      pod('listener', { ...cluster.container(talk), stdin: true }),
    );
    await k('wait', '--for=condition=Ready', 'pod/web', 'pod/listener', '--timeout=60s');
  }, 300_000);
  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]();
  }, 120_000);

  const pod = (name: string, container: object) => ({
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name } },
    spec: { terminationGracePeriodSeconds: 0, automountServiceAccountToken: false, containers: [container] },
  });
  const local = () => [`--image=${cluster.image}`, '--image-pull-policy=IfNotPresent'];

  it('run --rm -it: a pod with a terminal that goes with its command', async () => {
    const session = cluster.begin(
      'terminal',
      'run',
      'once',
      '--rm',
      '-it',
      ...local(),
      '--restart=Never',
      '--',
      'sh',
    );
    // The prompt came before anybody looked: as kubectl says, one presses enter.
    await session.until('If you don');
    session.child.stdin.write('\ntty; echo $((40+2)); exit 3\n');
    expect(await session.ended).toBe(3);
    expect(session.said()).toMatch(/\/dev\/(pts\/\d|console)\r?\n42\r?\n/);
    expect(session.said()).toContain('pod "once" deleted');
    expect((await cluster.say('get', 'pod', 'once')).stderr).toContain('"once" not found');
  }, 120_000);

  it('attach: to what a container reads and says', async () => {
    const session = cluster.begin('piped', 'attach', '-i', 'listener');
    session.child.stdin.write('ahoy\n');
    await session.until('heard ahoy');
    session.child.kill('SIGTERM');
    await session.ended;
    expect(await k('logs', 'listener')).toBe('heard ahoy\n');
  }, 120_000);

  it('cp: there and back, byte for byte', async () => {
    const at = (name: string) => join(cluster.installation.stateDirectory, name);
    const bytes = randomBytes(3_000_000);
    await writeFile(at('there'), bytes);
    await k('cp', at('there'), 'web:/tmp/there');
    expect((await k('exec', 'web', '--', 'stat', '-c', '%s', '/tmp/there')).trim()).toBe('3000000');
    await k('cp', 'web:/tmp/there', at('back'));
    expect((await readFile(at('back'))).equals(bytes)).toBe(true);
  }, 120_000);

  it('port-forward: to a port that nobody else reaches', async () => {
    const session = cluster.begin('piped', 'port-forward', 'pod/web', ':8080');
    await session.until(/Forwarding from 127\.0\.0\.1:\d+/);
    const [, port] = /127\.0\.0\.1:(\d+)/.exec(session.said()) ?? [];
    for (let time = 0; time < 3; time++)
      expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('hello\n');
    session.child.kill('SIGTERM');
    await session.ended;
  }, 120_000);

  it('debug: a container among the processes of another one', async () => {
    await k(
      'debug',
      'web',
      ...local(),
      '--target=main',
      '-c',
      'look',
      '--',
      'sh',
      '-c',
      'ps; ls /proc/1/root/www',
    );
    let seen: Readonly<Record<string, object>> | undefined;
    const ended = await waitFor(
      'it to end',
      async () => {
        const { status } = JSON.parse(await k('get', 'pod', 'web', '-o', 'json'));
        seen = status.ephemeralContainerStatuses?.[0]?.state;
        return seen?.terminated;
      },
      () => seen,
    );
    expect(ended).toMatchObject({ exitCode: 0, reason: 'Completed' });
    const said = await k('logs', 'web', '-c', 'look');
    expect(said).toMatch(/^ *1 .*httpd -f -p 8080/m);
    expect(said).toContain('index.html');
  }, 120_000);

  it('debug node/…: a pod among the processes and files of the node’s machine', async () => {
    const node = (await k('get', 'nodes', '-o', 'jsonpath={.items[0].metadata.name}')).trim();
    const words = ['--', 'sh', '-c', 'hostname; test -d /host/etc && test -d /proc/1 && echo seen'];
    await k('debug', `node/${node}`, ...local(), '--profile=general', ...words);
    const name = (await k('get', 'pods', '-o', 'name'))
      .split('\n')
      .find((each) => each.includes('node-debugger'));
    const [, debuggerPod = ''] = name?.split('/') ?? [];
    await k('wait', `pod/${debuggerPod}`, '--for=jsonpath={.status.phase}=Succeeded', '--timeout=60s');
    expect(await k('logs', debuggerPod)).toBe(`${node}\nseen\n`);
  }, 120_000);
});
