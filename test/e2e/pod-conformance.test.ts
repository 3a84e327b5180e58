import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from './installation.ts';
import { PodCluster } from './pod-cluster.ts';

/**
 * What the conformance suite asks of single pods, in its areas node and storage, that no other test of ours shows with
 * containers. All of them are made at once: each test waits for its own.
 */
let cluster: PodCluster;

const once = {
  automountServiceAccountToken: false,
  restartPolicy: 'Never',
  terminationGracePeriodSeconds: 1,
};
const idle = "trap 'exit 0' TERM; while true; do sleep 0.2; done";
type Spec = Readonly<Record<string, unknown>>;
type Asked = { readonly metadata?: object; readonly spec: Spec };

/** A pod whose one container says what it finds. */
const says = (script: string, container: object = {}, spec: Spec = {}, metadata: object = {}): Asked => ({
  metadata,
  spec: { ...once, containers: [{ ...cluster.container(script), ...container }], ...spec },
});
const field = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } });
const limit = (name: string, resource: string, divisor?: string) => ({
  name,
  valueFrom: { resourceFieldRef: { resource, ...(divisor && { divisor }) } },
});
const mounts = (...pairs: readonly (readonly [name: string, mountPath: string, more?: object])[]) => ({
  volumeMounts: pairs.map(([name, mountPath, more]) => ({ name, mountPath, ...more })),
});
const modes = (path: string) => `cd ${path} && for f in *; do echo $f $(stat -L -c %a $f) $(cat $f); done`;

const pods: Readonly<Record<string, () => Asked>> = {
  'downward-env': () =>
    says(
      'env | grep ^D_ | sort',
      {
        env: [
          field('D_NAME', 'metadata.name'),
          field('D_NAMESPACE', 'metadata.namespace'),
          field('D_UID', 'metadata.uid'),
          field('D_LABEL', "metadata.labels['ship']"),
          field('D_NODE', 'spec.nodeName'),
          field('D_ACCOUNT', 'spec.serviceAccountName'),
          field('D_HOST', 'status.hostIP'),
          field('D_HOSTS', 'status.hostIPs'),
          field('D_IP', 'status.podIP'),
          field('D_IPS', 'status.podIPs'),
          limit('D_CPU', 'limits.cpu'),
          limit('D_MEMORY', 'limits.memory'),
          limit('D_ASKED', 'requests.cpu', '1m'),
          { name: 'D_FIRST', value: 'one' },
          { name: 'D_SECOND', value: '$(D_FIRST)-two $(D_NONE) $$(D_FIRST)' },
        ],
      },
      {},
      { labels: { ship: 'cat' } },
    ),
  'downward-files': () =>
    says(
      modes('/info'),
      mounts(['info', '/info']),
      {
        volumes: [
          {
            name: 'info',
            downwardAPI: {
              defaultMode: 0o440,
              items: [
                { path: 'name', mode: 0o400, fieldRef: { fieldPath: 'metadata.name' } },
                { path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } },
                { path: 'cpu', resourceFieldRef: { containerName: 'main', resource: 'limits.cpu' } },
                {
                  path: 'asked',
                  resourceFieldRef: { containerName: 'main', resource: 'requests.memory', divisor: '1Mi' },
                },
              ],
            },
          },
        ],
      },
      { labels: { ship: 'cat' } },
    ),
  projected: () =>
    says(`${modes('/all')}; ${modes('/all/deep')}`, mounts(['all', '/all']), {
      volumes: [
        {
          name: 'all',
          projected: {
            defaultMode: 0o400,
            sources: [
              { secret: { name: 'plain', items: [{ key: 'a', path: 'secret', mode: 0o440 }] } },
              { configMap: { name: 'plain', items: [{ key: 'a', path: 'deep/config' }] } },
              { configMap: { name: 'none', optional: true } },
              { downwardAPI: { items: [{ path: 'name', fieldRef: { fieldPath: 'metadata.name' } }] } },
            ],
          },
        },
      ],
    }),
  'group-files': () =>
    says(
      'id -u; id -g; id -G; stat -L -c "%g %a" /s/a; touch /e/x && stat -c "%u %g" /e/x; stat -c "%a %g" /e',
      mounts(['s', '/s'], ['e', '/e']),
      {
        securityContext: { runAsUser: 1000, runAsGroup: 2000, fsGroup: 3000, supplementalGroups: [4000] },
        volumes: [
          { name: 's', secret: { secretName: 'plain', defaultMode: 0o440 } },
          { name: 'e', emptyDir: {} },
        ],
      },
    ),
  'memory-dir': () =>
    says(
      'stat -c %a /m; grep " /m " /proc/mounts | cut -d" " -f3; df -k /m | tail -1 | awk "{print \\$2}"; echo x > /m/f; chmod 666 /m/f; stat -c %a /m/f',
      mounts(['m', '/m']),
      { volumes: [{ name: 'm', emptyDir: { medium: 'Memory', sizeLimit: '4Mi' } }] },
    ),
  'sub-path': () =>
    says(
      'echo here > /own/f; cat /all/sub-path/f; cat /one; cat /etc/resolv.conf',
      {
        env: [field('NAME', 'metadata.name')],
        ...mounts(
          ['v', '/own', { subPathExpr: '$(NAME)' }],
          ['v', '/all'],
          ['c', '/one', { subPath: 'a' }],
          ['c', '/etc/resolv.conf', { subPath: 'a' }],
        ),
      },
      {
        volumes: [
          { name: 'v', emptyDir: {} },
          { name: 'c', configMap: { name: 'plain' } },
        ],
      },
    ),
  'sub-path-absolute': () =>
    says(
      'true',
      { env: [{ name: 'P', value: '/tmp' }], ...mounts(['v', '/v', { subPathExpr: '$(P)' }]) },
      {
        volumes: [{ name: 'v', emptyDir: {} }],
      },
    ),
  'sub-path-mended': () =>
    says(
      idle,
      { env: [field('P', "metadata.annotations['path']")], ...mounts(['v', '/v', { subPathExpr: '$(P)' }]) },
      { volumes: [{ name: 'v', emptyDir: {} }] },
      { annotations: { path: '/no' } },
    ),
  names: () =>
    says(
      'hostname; hostname -f; cat /etc/hosts; cat /etc/resolv.conf',
      {},
      {
        ...{ hostname: 'cat', subdomain: 'pier' },
        hostAliases: [{ ip: '123.45.67.89', hostnames: ['foo.local', 'bar.local'] }],
        dnsPolicy: 'None',
        dnsConfig: {
          nameservers: ['1.1.1.1'],
          searches: ['resolv.conf.local'],
          options: [{ name: 'ndots', value: '2' }, { name: 'edns0' }],
        },
      },
    ),
  'names-full': () => says('hostname', {}, { hostname: 'cat', subdomain: 'pier', setHostnameAsFQDN: true }),
  'names-own-hosts': () =>
    says('cat /etc/hosts', mounts(['c', '/etc/hosts', { subPath: 'a' }]), {
      volumes: [{ name: 'c', configMap: { name: 'plain' } }],
    }),
  'names-of-node': () => says('grep -c "managed by Kubernetes" /etc/hosts', {}, { hostNetwork: true }),
  'message-path': () =>
    says('echo -n DONE > /dev/words', {
      terminationMessagePath: '/dev/words',
      terminationMessagePolicy: 'FallbackToLogsOnError',
      securityContext: { runAsUser: 1000 },
    }),
  'message-none': () => says('echo said; exit 0', { terminationMessagePolicy: 'FallbackToLogsOnError' }),
  'message-log': () =>
    says('echo said; echo -n DONE; exit 1', { terminationMessagePolicy: 'FallbackToLogsOnError' }),
  deadline: () => says(idle, {}, { activeDeadlineSeconds: 2 }),
  'safe-sysctl': () =>
    says(
      'cat /proc/sys/kernel/shm_rmid_forced',
      {},
      {
        securityContext: { sysctls: [{ name: 'kernel.shm_rmid_forced', value: '1' }] },
      },
    ),
  'unsafe-sysctl': () =>
    says('true', {}, { securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '65536' }] } }),
  'not-root': () => says('id -u', { securityContext: { runAsNonRoot: true, runAsUser: 1234 } }),
  'not-root-refused': () => says('id -u', { securityContext: { runAsNonRoot: true } }),
  'plain-rights': () =>
    says('touch /x && echo written; ip link add dummy1 type dummy 2>&1; grep NoNewPrivs /proc/self/status'),
  'rule-restarts': () =>
    says(
      'n=$(cat /d/n 2>/dev/null || echo 0); echo $((n+1)) > /d/n; [ $n -ge 1 ] && exit 0; exit 42',
      {
        ...mounts(['d', '/d']),
        restartPolicy: 'Never',
        restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'In', values: [42] } }],
      },
      { volumes: [{ name: 'd', emptyDir: {} }] },
    ),
  'env-of-maps': () =>
    says('env | grep ^E_ | sort', {
      envFrom: [
        { prefix: 'E_', configMapRef: { name: 'plain' } },
        { prefix: 'E_S', secretRef: { name: 'plain' } },
        { configMapRef: { name: 'none', optional: true } },
      ],
      env: [{ name: 'E_x', valueFrom: { configMapKeyRef: { name: 'none', key: 'a', optional: true } } }],
    }),
  'env-missing': () =>
    says('true', { env: [{ name: 'X', valueFrom: { secretKeyRef: { name: 'plain', key: 'none' } } }] }),
  'optional-later': () =>
    says(
      'while ! cat /o/a 2>/dev/null; do sleep 0.2; done; while [ -e /l/a ]; do sleep 0.2; done; echo " without"',
      mounts(['o', '/o'], ['l', '/l']),
      {
        volumes: [
          { name: 'o', secret: { secretName: 'later', optional: true } },
          { name: 'l', configMap: { name: 'leaving', optional: true } },
        ],
      },
    ),
  hooks: () => ({
    spec: {
      ...once,
      ...{ restartPolicy: 'Always', terminationGracePeriodSeconds: 60 },
      volumes: [
        {
          name: 'd',
          hostPath: { path: `${cluster.installation.stateDirectory}/hooks`, type: 'DirectoryOrCreate' },
        },
      ],
      containers: [
        {
          ...cluster.container(`${idle}`),
          ...mounts(['d', '/d']),
          lifecycle: {
            postStart: { exec: { command: ['sh', '-c', 'echo $NAME > /d/post'] } },
            preStop: { exec: { command: ['sh', '-c', 'echo stopped > /d/pre'] } },
          },
          env: [field('NAME', 'metadata.name')],
        },
      ],
    },
  }),
  'probe-grace': () => ({
    spec: {
      ...once,
      ...{ restartPolicy: 'Always', terminationGracePeriodSeconds: 500 },
      containers: [
        {
          ...cluster.container("trap '' TERM; sleep 600"),
          livenessProbe: {
            exec: { command: ['false'] },
            ...{ periodSeconds: 1, failureThreshold: 1, terminationGracePeriodSeconds: 1 },
          },
        },
      ],
    },
  }),
  'probe-missing': () => ({
    spec: {
      ...once,
      containers: [
        {
          ...cluster.container(idle),
          livenessProbe: {
            exec: { command: ['/no/such/program'] },
            ...{ periodSeconds: 1, timeoutSeconds: 60, failureThreshold: 1 },
          },
        },
      ],
    },
  }),
  'slow-start': () => ({
    spec: {
      ...once,
      containers: [
        {
          ...cluster.container(`sleep 3; touch /tmp/up; ${idle}`),
          startupProbe: {
            exec: { command: ['cat', '/tmp/up'] },
            periodSeconds: 1,
            timeoutSeconds: 10,
            failureThreshold: 60,
          },
          livenessProbe: {
            exec: { command: ['cat', '/tmp/up'] },
            periodSeconds: 1,
            timeoutSeconds: 60,
            failureThreshold: 1,
          },
        },
      ],
    },
  }),
};

beforeAll(async () => {
  cluster = await PodCluster.start(2, { instanceType: 't3.medium' });
  const plain = { metadata: { name: 'plain', namespace: 'default' }, apiVersion: 'v1' };
  await cluster.apply(
    { ...plain, kind: 'ConfigMap', data: { a: 'from a map\n' } },
    { ...plain, kind: 'Secret', stringData: { a: 'a secret\n' } },
    {
      ...plain,
      kind: 'ConfigMap',
      metadata: { ...plain.metadata, name: 'leaving' },
      data: { a: 'so long\n' },
    },
    ...Object.entries(pods).map(([name, asked]) => {
      const { metadata = {}, spec } = asked();
      return { apiVersion: 'v1', kind: 'Pod', metadata: { name, ...metadata }, spec };
    }),
  );
}, 300_000);

afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
});

// biome-ignore lint/suspicious/noExplicitAny: pods, which tests look into.
type Json = any;

async function pod(name: string): Promise<Json> {
  return JSON.parse((await cluster.get(`/api/v1/namespaces/default/pods/${name}`)).text);
}

async function until(name: string, what: string, holds: (pod: Json) => boolean): Promise<Json> {
  let seen: Json;
  return waitFor(
    `${name}: ${what}`,
    async () => {
      seen = await pod(name);
      return holds(seen) ? seen : undefined;
    },
    () => seen?.status ?? seen,
  );
}

/** What a pod that has ended well said. */
async function said(name: string): Promise<string> {
  await until(name, 'ended', ({ status }) => ['Succeeded', 'Failed'].includes(status?.phase));
  return (await cluster.get(`/api/v1/namespaces/default/pods/${name}/log`)).text;
}

const first = ({ status }: Json) => status?.containerStatuses?.[0];
const waitingOf = (seen: Json) => first(seen)?.state?.waiting;
const remove = (name: string, ...more: string[]) => cluster.k('delete', 'pod', name, ...more);

describe('what a pod knows of itself', () => {
  it('is in its environment, limits that it has not as what its node can give', async () => {
    const shown = (await said('downward-env')).trim().split('\n');
    const { metadata, spec, status } = await pod('downward-env');
    const node = JSON.parse((await cluster.get(`/api/v1/nodes/${spec.nodeName}`)).text);
    const { cpu, memory } = node.status.allocatable;
    expect(shown).toEqual([
      ...['D_ACCOUNT=default', 'D_ASKED=10', `D_CPU=${Math.ceil(Number.parseInt(cpu, 10) / 1_000)}`],
      ...['D_FIRST=one', `D_HOST=${status.hostIP}`, `D_HOSTS=${status.hostIPs[0].ip}`],
      expect.stringMatching(/^D_IP=172\./),
      expect.stringMatching(/^D_IPS=172\./),
      ...['D_LABEL=cat', `D_MEMORY=${Number.parseInt(memory, 10) * 1_048_576}`, 'D_NAME=downward-env'],
      ...['D_NAMESPACE=default', `D_NODE=${spec.nodeName}`],
      ...['D_SECOND=one-two $(D_NONE) $(D_FIRST)', `D_UID=${metadata.uid}`],
    ]);
    expect(memory).toMatch(/Mi$/);
    expect(cpu).toMatch(/m$/);
  });

  it('is in files, of the modes that were asked for', async () => {
    const ofNode = 'topology.kubernetes.io';
    expect((await said('downward-files')).replace(/(?<=us-east-1)[a-f](?=")/, 'x').split('\n')).toEqual([
      ...['asked 440 16', 'cpu 440 2'],
      `labels 440 ship="cat" ${ofNode}/region="us-east-1" ${ofNode}/zone="us-east-1x"`,
      ...['name 400 downward-files', ''],
    ]);
  });

  it('is its name, and the names of others', async () => {
    expect((await said('names')).split('\n')).toEqual([
      ...['cat', 'cat.pier.default.svc.cluster.local', '# Kubernetes-managed hosts file.'],
      ...['127.0.0.1\tlocalhost', '::1\tlocalhost ip6-localhost ip6-loopback', 'fe00::0\tip6-localnet'],
      ...['fe00::0\tip6-mcastprefix', 'fe00::1\tip6-allnodes', 'fe00::2\tip6-allrouters'],
      expect.stringMatching(/^172\.[\d.]+\tcat\.pier\.default\.svc\.cluster\.local\tcat$/),
      ...['', '# Entries added by HostAliases.', '123.45.67.89\tfoo.local\tbar.local'],
      ...['search resolv.conf.local', 'nameserver 1.1.1.1', 'options ndots:2 edns0', ''],
    ]);
    expect(await said('names-full')).toBe('cat.pier.default.svc.cluster.local\n');
  });

  it('is a file of hosts only where it has none of its own and is not in its node’s network', async () => {
    expect(await said('names-own-hosts')).toBe('from a map\n');
    expect(await said('names-of-node')).toBe('0\n');
  });

  it('comes from maps and secrets, those that may be missing left out', async () => {
    expect((await said('env-of-maps')).split('\n').filter(Boolean)).toEqual([
      'E_Sa=a secret',
      'E_a=from a map',
    ]);
    const seen = await until('env-missing', 'waiting', (json) => waitingOf(json)?.message !== undefined);
    expect(waitingOf(seen)).toEqual({
      reason: 'CreateContainerConfigError',
      message: "couldn't find key none in Secret default/plain",
    });
  });
});

describe('what a pod mounts', () => {
  it('has sources of several kinds in one volume', async () => {
    const shown = (await said('projected')).split('\n');
    expect(shown).toEqual(
      expect.arrayContaining(['name 400 projected', 'secret 440 a secret', 'config 400 from a map']),
    );
  });

  it('belongs to the group of its files', async () => {
    expect((await said('group-files')).split('\n')).toEqual([
      ...['1000', '2000', '2000 3000 4000', '3000 440', '1000 3000', '2777 3000', ''],
    ]);
  });

  it('may be memory, of a size', async () => {
    expect((await said('memory-dir')).split('\n')).toEqual(['777', 'tmpfs', '4096', '666', '']);
  });

  it('is a part of a volume, whose name the environment may say', async () => {
    // Also over a file that each container has.
    expect(await said('sub-path')).toBe('here\nfrom a map\nfrom a map\n');
    const seen = await until(
      'sub-path-absolute',
      'waiting',
      (json) => waitingOf(json)?.message !== undefined,
    );
    expect(waitingOf(seen)).toEqual({
      reason: 'CreateContainerConfigError',
      message: 'error SubPath `/tmp` must not be an absolute path',
    });
  });

  it('starts once what was wrong with its name is mended', async () => {
    await until('sub-path-mended', 'refused', (json) => waitingOf(json)?.message !== undefined);
    await cluster.k('annotate', 'pod', 'sub-path-mended', 'path=yes', '--overwrite');
    await until('sub-path-mended', 'running', ({ status }) => status.phase === 'Running');
  }, 240_000);

  it('follows a secret that comes later, and a map that goes', async () => {
    await until('optional-later', 'running', ({ status }) => status.phase === 'Running');
    await cluster.k('create', 'secret', 'generic', 'later', '--from-literal=a=at last');
    await cluster.k('delete', 'configmap', 'leaving');
    expect(await said('optional-later')).toBe('at last without\n');
  }, 240_000);
});

describe('what a pod may', () => {
  it('set of the kernel: what is safe', async () => {
    expect(await said('safe-sysctl')).toBe('1\n');
    const { status } = await until('unsafe-sysctl', 'failed', (json) => json.status?.phase === 'Failed');
    expect(status).toMatchObject({
      reason: 'SysctlForbidden',
      message: 'Pod was rejected: forbidden sysctl: "kernel.msgmax" not allowlisted',
    });
  });

  it('not be root, where that is asked for', async () => {
    expect(await said('not-root')).toBe('1234\n');
    const seen = await until('not-root-refused', 'waiting', (json) => waitingOf(json)?.message !== undefined);
    expect(waitingOf(seen)).toMatchObject({
      reason: 'CreateContainerConfigError',
      message: expect.stringContaining('container has runAsNonRoot and image will run as root'),
    });
  });

  it('write its own files and no interfaces of the network, as it comes', async () => {
    expect(await said('plain-rights')).toMatch(/^written\nip: .*Operation not permitted\nNoNewPrivs:\t0\n$/);
  });
});

describe('how a pod’s containers end', () => {
  it('with words in a file of their own, those that they said last, or none', async () => {
    await said('message-path');
    expect(first(await pod('message-path')).state.terminated.message).toBe('DONE');
    await said('message-none');
    expect(first(await pod('message-none')).state.terminated.message).toBeUndefined();
    expect(await said('message-log')).toBe('said\nDONE');
    expect(first(await pod('message-log')).state.terminated.message).toBe('said\nDONE');
  });

  it('after the time that the pod has', async () => {
    const { status } = await until('deadline', 'failed', (json) => json.status?.phase === 'Failed');
    expect(status).toMatchObject({
      reason: 'DeadlineExceeded',
      message: 'Pod was active on the node longer than the specified deadline',
    });
  });

  it('and begin again, for exit codes that a rule of their own names', async () => {
    await said('rule-restarts');
    expect(first(await pod('rule-restarts'))).toMatchObject({
      restartCount: 1,
      lastState: { terminated: { exitCode: 42 } },
      state: { terminated: { exitCode: 0 } },
    });
  });

  it('in the time that a probe gives, not in that of the pod', async () => {
    const seen = await until('probe-grace', 'a restart', (json) => first(json)?.restartCount > 0);
    expect(first(seen).lastState.terminated.exitCode).toBe(137);
    await remove('probe-grace', '--grace-period=0', '--force');
  });

  it('not because a probe has no program to ask', async () => {
    const path = '/api/v1/namespaces/default/events?fieldSelector=involvedObject.name%3Dprobe-missing';
    const message = await waitFor('told', async () => {
      const { items } = JSON.parse((await cluster.get(path)).text);
      return items.find(({ reason }: Json) => reason === 'Unhealthy')?.message;
    });
    expect(message).toMatch(
      /^Liveness probe errored and resulted in unknown state: rpc error: code = Unknown desc = failed to exec in container: OCI runtime exec failed: .*no such file or directory/,
    );
    const seen = await until('probe-missing', 'ready', (json) => first(json)?.ready === true);
    expect(first(seen).restartCount).toBe(0);
  });

  it('not while they still start', async () => {
    const seen = await until('slow-start', 'started', (json) => first(json)?.started === true);
    expect(first(seen).restartCount).toBe(0);
  });

  it('after commands that they are given at their beginning and before their end', async () => {
    await until('hooks', 'running', (json) => first(json)?.ready === true);
    const { spec } = await pod('hooks');
    await remove('hooks');
    const { spec: reads } = says('cat /d/post /d/pre; rm /d/*', mounts(['d', '/d']), {
      nodeName: spec.nodeName,
      volumes: spec.volumes.filter(({ name }: { name: string }) => name === 'd'),
    });
    await cluster.apply({
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'hooks-left' }, spec: reads },
    });
    expect(await said('hooks-left')).toBe('hooks\nstopped\n');
  }, 240_000);
});
