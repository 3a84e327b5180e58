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
      pod('web', {
        ...cluster.container(serve),
        readinessProbe: { tcpSocket: { port: 8_080 }, periodSeconds: 1, timeoutSeconds: 10 },
      }),
      pod('listener', { ...cluster.container(talk), stdin: true }),
    );
    await k('wait', '--for=condition=Ready', 'pod/web', 'pod/listener', '--timeout=100s');
  }, 300_000);
  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]();
  });

  const pod = (name: string, container: object) => ({
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name } },
    spec: { terminationGracePeriodSeconds: 0, automountServiceAccountToken: false, containers: [container] },
  });
  const local = () => [`--image=${cluster.image}`, '--image-pull-policy=IfNotPresent'];
  const patient = '--pod-running-timeout=100s';

  it('run --rm -it: a pod with a terminal that goes with its command', async () => {
    const session = await cluster.begin(
      'terminal',
      'run',
      'once',
      '--rm',
      '-it',
      patient,
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
    await expect
      .poll(async () => (await cluster.say('get', 'pod', 'once')).stderr)
      .toContain('"once" not found');
  }, 240_000);

  it('attach: to what a container reads and says', async () => {
    const session = await cluster.begin('piped', 'attach', '-i', 'listener');
    session.child.stdin.write('ahoy\n');
    await session.until('heard ahoy');
    session.child.kill('SIGTERM');
    await session.ended;
    await expect.poll(() => k('logs', 'listener')).toBe('heard ahoy\n');
  });

  it('logs -f: a reader who stands still holds no container, and goes on where he can', async () => {
    const lines = 1_000_000;
    const count = `echo ready; until [ -e /tmp/go ]; do sleep 0.1; done; exec seq ${lines}`;
    await cluster.apply({
      ...pod('counter', {}),
      spec: {
        restartPolicy: 'Never',
        automountServiceAccountToken: false,
        containers: [cluster.container(count)],
      },
    });
    await k('wait', '--for=condition=Ready', 'pod/counter', '--timeout=100s');
    const session = await cluster.begin('piped', 'logs', '-f', 'counter');
    await session.until('ready');
    session.child.kill('SIGSTOP');
    await k('exec', 'counter', '--', 'touch', '/tmp/go');
    await k('wait', '--for=jsonpath={.status.phase}=Succeeded', 'pod/counter', '--timeout=100s');
    session.child.kill('SIGCONT');
    expect(await session.ended).toBe(0);
    const numbers = session.said().split('\n').slice(1, -1).map(Number);
    expect(numbers.at(-1)).toBe(lines);
    expect(numbers.findIndex((number, at) => number <= (numbers[at - 1] ?? 0))).toBe(-1);
  }, 300_000);

  it('cp: there and back, byte for byte', async () => {
    const at = (name: string) => join(cluster.installation.stateDirectory, name);
    const bytes = randomBytes(3_000_000);
    await writeFile(at('there'), bytes);
    await k('cp', at('there'), 'web:/tmp/there');
    expect((await k('exec', 'web', '--', 'stat', '-c', '%s', '/tmp/there')).trim()).toBe('3000000');
    await k('cp', 'web:/tmp/there', at('back'));
    expect((await readFile(at('back'))).equals(bytes)).toBe(true);
  });

  it('port-forward: to a port that nobody else reaches', async () => {
    const session = await cluster.begin('piped', 'port-forward', 'pod/web', ':8080');
    await session.until(/Forwarding from 127\.0\.0\.1:\d+ ->/);
    const [, port] = /127\.0\.0\.1:(\d+)/.exec(session.said()) ?? [];
    for (let time = 0; time < 3; time++)
      expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('hello\n');
    session.child.kill('SIGTERM');
    await session.ended;
    const refused = await cluster.begin('piped', 'port-forward', 'pod/web', ':81');
    await refused.until(/Forwarding from 127\.0\.0\.1:\d+ ->/);
    const [, closed] = /127\.0\.0\.1:(\d+)/.exec(refused.said()) ?? [];
    await expect(fetch(`http://127.0.0.1:${closed}/`)).rejects.toThrow();
    expect(await refused.ended).toBe(1);
    expect(refused.said()).toMatch(
      /error forwarding port 81 to pod .*failed to connect to localhost:81 inside namespace .*, IPv4: dial tcp4 127\.0\.0\.1:81: connect: connection refused/,
    );
  });

  it('exec: says what can’t be run as nodes of EKS do, takes long arguments, and leaves nothing behind', async () => {
    const missing = await cluster.say('exec', 'web', '--', 'nosuch');
    expect(missing).toMatchObject({ code: 1, stdout: '' });
    expect(missing.stderr).toMatch(
      /^error: Internal error occurred: .*error executing command in container: failed to exec in container: .*exec: "nosuch": executable file not found in \$PATH/,
    );
    const long = 'x'.repeat(60_000);
    expect(await k('exec', 'web', '--', 'echo', long)).toBe(`${long}\n`);
    const words = ['web', '--', 'sh', '-c', 'echo ready; exec sleep 777'];
    const sessions = [
      await cluster.begin('terminal', 'exec', '-it', ...words),
      await cluster.begin('piped', 'exec', '-i', ...words),
    ];
    for (const session of sessions) {
      await session.until('ready');
      session.child.kill('SIGINT');
      await session.ended;
    }
    let left = '';
    await waitFor(
      'what was run to end',
      async () => {
        left = await k('exec', 'web', '--', 'ps');
        return left.includes('sleep 777') ? undefined : true;
      },
      () => left,
    );
  });

  it('what could not be started: its end, its words and its events', async () => {
    const words = ['--restart=Never', '--command', '--', '/no/such'];
    const run = await cluster.begin('piped', 'run', 'unstarted', '--rm', '-i', patient, ...local(), ...words);
    expect(await run.ended).toBe(128);
    expect(run.said()).toContain('pod default/unstarted terminated (StartError)');
    const never = { ...cluster.container('true'), image: 'not.here/at:all', imagePullPolicy: 'Never' };
    const sleeps = { ...cluster.container('sleep 3600'), name: 'sleeps' };
    const waits = pod('waits', never);
    await cluster.apply({ ...waits, spec: { ...waits.spec, initContainers: [sleeps] } }, pod('never', never));
    const events = await waitFor('the events of an image that is not here', async () => {
      const said = await k('events', '--for', 'pod/never');
      return said.includes('Error: ErrImageNeverPull') ? said : undefined;
    });
    expect(events).toMatch(
      /ErrImageNeverPull +Pod\/never +Container image "not\.here\/at:all" is not present/,
    );
    for (const command of [
      ['exec', 'never', '--', 'ls'],
      ['attach', 'never'],
    ]) {
      const { code, stderr } = await cluster.say(...command);
      expect({ code, stderr }).toMatchObject({ code: 1 });
      expect(stderr).toContain(
        'error: Internal error occurred: unable to upgrade connection: container not found ("main")',
      );
    }
    await expect
      .poll(async () => (await k('get', 'pod', 'waits', '--no-headers')).split(/ +/)[2])
      .toBe('Init:0/1');
    const { stderr } = await cluster.say('logs', 'waits', '-c', 'main');
    expect(stderr).toContain('container "main" in pod "waits" is waiting to start: PodInitializing');
    await k('delete', 'pod', 'waits', 'never', '--wait=false');
  }, 240_000);

  it('drain: as far as a budget lets it, and further', async () => {
    const node = (await k('get', 'nodes', '-o', 'jsonpath={.items[0].metadata.name}')).trim();
    const guarded = pod('guarded', cluster.container('sleep 3600'));
    await cluster.apply({ ...guarded, metadata: { name: 'guarded', labels: { app: 'guarded' } } });
    await k('create', 'pdb', 'guard', '--selector=app=guarded', '--min-available=1');
    await k('wait', '--for=condition=Ready', 'pod/guarded', '--timeout=100s');
    const chosen = ['--pod-selector=app=guarded', '--timeout=15s'];
    const plain = await cluster.say('drain', node, ...chosen);
    expect(plain.stderr).toContain('cannot delete Pods that declare no controller (use --force to override)');
    const blocked = await cluster.say('drain', node, ...chosen, '--force');
    expect(blocked.stderr).toContain(
      'error when evicting pods/"guarded" -n "default" (will retry after 5s): Cannot evict pod as it would violate the pod\'s disruption budget.',
    );
    expect(await k('get', 'node', node, '--no-headers')).toContain('Ready,SchedulingDisabled');
    const forced = ['--pod-selector=app=guarded', '--force', '--disable-eviction'];
    expect(await k('drain', node, ...forced)).toContain(`node/${node} drained`);
    await k('uncordon', node);
    expect(await k('describe', 'node', node)).toMatch(/RegisteredNode .*Registered Node .* in Controller/);
  }, 240_000);

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
  });

  it('debug node/…: a pod among the processes and files of the node’s machine', async () => {
    const node = (await k('get', 'nodes', '-o', 'jsonpath={.items[0].metadata.name}')).trim();
    const words = ['--', 'sh', '-c', 'hostname; test -d /host/etc && test -d /proc/1 && echo seen'];
    await k('debug', `node/${node}`, ...local(), '--profile=general', ...words);
    const name = (await k('get', 'pods', '-o', 'name'))
      .split('\n')
      .find((each) => each.includes('node-debugger'));
    const [, debuggerPod = ''] = name?.split('/') ?? [];
    await k('wait', `pod/${debuggerPod}`, '--for=jsonpath={.status.phase}=Succeeded', '--timeout=100s');
    expect(await k('logs', debuggerPod)).toBe(`${node}\nseen\n`);
  });
});
