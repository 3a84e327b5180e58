import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StatusResponse } from '../../src/cli/index.ts';
import { waitFor } from './installation.ts';
import { grpcHealthServer, nodeProgram, relyingParty } from './node-program.ts';
import { PodCluster } from './pod-cluster.ts';

/**
 * What the conformance suite asks of CronJobs, of init containers and sidecars, of gRPC probes and RuntimeClasses, of the
 * tokens of ServiceAccounts and of preemption, with containers. All of them are made at once: each test waits for its own.
 */
let cluster: PodCluster;

// biome-ignore lint/suspicious/noExplicitAny: objects, which tests look into.
type Json = any;

const idle = "trap 'exit 0' TERM; while true; do sleep 0.1; done";
const once = {
  automountServiceAccountToken: false,
  restartPolicy: 'Never',
  terminationGracePeriodSeconds: 30,
};
const container = (name: string, script: string, more: object = {}) => ({
  ...cluster.container(script),
  ...{ name, ...more },
});
/** It runs beside the others, and says when it begins, when it is up and when it is told to end. */
const sidecar = (name: string, more: object = {}, isUp = 'touch /tmp/up') =>
  container(
    name,
    `trap 'echo ${name} ends; exit 0' TERM; echo ${name} begins; sleep 1; echo ${name} is up; ${isUp}; while true; do sleep 0.1; done`,
    { restartPolicy: 'Always', ...more },
  );
const untilUp = {
  startupProbe: {
    exec: { command: ['cat', '/tmp/up'] },
    ...{ periodSeconds: 1, timeoutSeconds: 10, failureThreshold: 60 },
  },
};
/** Where a pod's containers wait for each other. */
const shared = { volumes: [{ name: 'shared', emptyDir: {} }] };
const sharing = { volumeMounts: [{ name: 'shared', mountPath: '/shared' }] };
const untilShared = (file: string) => `until [ -e /shared/${file} ]; do sleep 0.1; done`;
const pod = (name: string, spec: object, metadata: object = {}) => ({
  ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name, ...metadata } },
  spec: { ...once, ...spec },
});

const podsWithOthers = () => [
  {
    ...{ apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'in-order' } },
    spec: {
      template: {
        spec: {
          ...{ ...once, ...shared },
          initContainers: [
            container('one', 'echo one begins; sleep 1; echo one ends'),
            sidecar('near', untilUp),
            container('two', 'echo two begins; sleep 1; echo two ends'),
            sidecar('far', sharing, 'touch /shared/far'),
          ],
          containers: [container('main', `${untilShared('far')}; sleep 1; echo main ends`, sharing)],
        },
      },
    },
  },
  pod('failing-init', {
    initContainers: [
      container('one', 'true'),
      sidecar('near'),
      container('two', 'exit 3'),
      container('three', 'true'),
    ],
    containers: [container('main', 'true')],
  }),
  pod('retried-init', {
    restartPolicy: 'Always',
    initContainers: [container('one', 'exit 1'), container('two', 'true')],
    containers: [container('main', idle)],
  }),
  pod('restarted-sidecar', {
    ...shared,
    initContainers: [
      container('near', `${untilShared('main')}; exit 1`, { restartPolicy: 'Always', ...sharing }),
    ],
    containers: [container('main', `touch /shared/main; ${idle}`, sharing)],
  }),
];

/** With two times a minute apart, from which Jobs have their names: at the beginning, and when the next minute begins. */
const soon = '@every 1s';
const cronJob = (name: string, script: string, spec: object) => ({
  ...{ apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name } },
  spec: {
    ...{ schedule: soon, ...spec },
    jobTemplate: {
      metadata: { labels: { of: name } },
      spec: {
        template: {
          metadata: { labels: { of: name } },
          spec: { ...once, containers: [container('main', script)] },
        },
      },
    },
  },
});
const cronJobs = () => [
  cronJob('minutely', 'echo now', { schedule: '* * * * *' }),
  cronJob('forbid', idle, { concurrencyPolicy: 'Forbid' }),
  cronJob('replace', idle, { concurrencyPolicy: 'Replace' }),
  cronJob('history', 'true', { successfulJobsHistoryLimit: 1 }),
  cronJob('suspended', 'echo by hand', { suspend: true }),
];

const relyingPod = async () => {
  const { configMap, command, volumeMounts, volumes } = await nodeProgram('relying', relyingParty);
  const relying = pod('relying-party', {
    // Names and services are a moment later than the node.
    restartPolicy: 'OnFailure',
    automountServiceAccountToken: true,
    containers: [
      container('main', '', {
        command,
        env: [{ name: 'NODE_EXTRA_CA_CERTS', value: '/var/run/secrets/kubernetes.io/serviceaccount/ca.crt' }],
        volumeMounts: [...volumeMounts, { name: 'tokens', mountPath: '/tokens', readOnly: true }],
      }),
    ],
    volumes: [
      ...volumes,
      {
        name: 'tokens',
        projected: { sources: [{ serviceAccountToken: { path: 'token', audience: 'oidc-discovery-test' } }] },
      },
    ],
  });
  return [configMap, relying];
};

/** One server, of which containers ask in all ways: the port of a probe is the pod's. */
const probedPod = async () => {
  const { configMap, command, volumeMounts, volumes } = await nodeProgram('health', grpcHealthServer);
  const grpc = (port: number, service?: string) => ({
    ...{ grpc: { port, ...(service !== undefined && { service }) }, periodSeconds: 5, timeoutSeconds: 2 },
  });
  const well = { ...grpc(5000, 'well'), periodSeconds: 1, timeoutSeconds: 10 };
  const patient = (probe: object) => ({ ...probe, failureThreshold: 1_000 });
  const probed = pod('probed', {
    restartPolicy: 'Always',
    containers: [
      container('server', '', {
        ...{ command, volumeMounts },
        ...{ startupProbe: { ...well, failureThreshold: 60 }, readinessProbe: well, livenessProbe: well },
      }),
      container('first', idle, { readinessProbe: grpc(5000, 'ill'), livenessProbe: patient(grpc(5000)) }),
      container('second', idle, {
        ...{ readinessProbe: grpc(5001), livenessProbe: patient(grpc(5002, 'well')) },
      }),
      container('killed', idle, {
        ...{ startupProbe: { ...well, failureThreshold: 60 } },
        livenessProbe: { ...grpc(5000, 'ill'), failureThreshold: 1 },
      }),
    ],
    volumes,
  });
  return [configMap, probed];
};

const runtimeClass = (handler: string) => ({
  ...{ apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass', metadata: { name: handler }, handler },
});
const podApart = (name: string, spec: object) =>
  pod(name, { containers: [container('main', 'cat /proc/version')], ...spec });
const podUnder = (handler: string) => [
  runtimeClass(handler),
  podApart(`under-${handler}`, { runtimeClassName: handler }),
];

/** Of which a node has two. */
const berths = 'example.com/berths';
const priority = (name: string, value: number) => ({
  ...{ apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name }, value },
});
const moored = (name: string, priorityClassName: string, script: string, metadata: object = {}) =>
  pod(
    name,
    {
      priorityClassName,
      terminationGracePeriodSeconds: 300,
      containers: [
        container('main', script, { resources: { requests: { [berths]: '1' }, limits: { [berths]: '1' } } }),
      ],
    },
    metadata,
  );
/** Deleted, it stays until the test has looked at it. */
const finalizer = 'example.com/looked-at';
const slowToEnd =
  "trap 'until [ -e /tmp/looked-at ]; do sleep 0.1; done; exit 0' TERM; while true; do sleep 0.1; done";

beforeAll(async () => {
  cluster = await PodCluster.start(1, { instanceType: 't3.medium' });
  const node = JSON.parse((await cluster.get('/api/v1/nodes')).text).items[0].metadata.name;
  const patch = { status: { capacity: { [berths]: '2' } } };
  await cluster.k('patch', 'node', node, '--subresource=status', '--type=merge', '-p', JSON.stringify(patch));
  await cluster.apply(
    ...cronJobs(),
    ...podsWithOthers(),
    ...(await relyingPod()),
    ...[priority('low', 1), priority('middle', 10), priority('high', 100)],
    moored('barge', 'low', slowToEnd, { finalizers: [finalizer] }),
    moored('ferry', 'middle', idle),
  );
}, 300_000);

afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
});

async function read(path: string): Promise<Json> {
  return JSON.parse((await cluster.get(path)).text);
}

const podPath = (name: string) => `/api/v1/namespaces/default/pods/${name}`;

/** Reads an object, or a list, until it is as it should be. */
async function until(path: string, what: string, holds: (seen: Json) => boolean, deadlineMs?: number) {
  let seen: Json;
  return waitFor<Json>(
    `${path}: ${what}`,
    async () => {
      seen = await read(path);
      return holds(seen) ? seen : undefined;
    },
    () => seen.status ?? seen.items?.map(({ metadata, status }: Json) => [metadata.name, status]),
    deadlineMs,
  );
}

const statusOf = ({ status }: Json, name: string) =>
  [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])].find(
    (each) => each.name === name,
  );
const podsOf = (selector: string) =>
  `/api/v1/namespaces/default/pods?labelSelector=${encodeURIComponent(selector)}`;
const isTrue = (type: string) => (seen: Json) =>
  seen.status?.conditions?.some((each: Json) => each.type === type && each.status === 'True') ?? false;

/** What all containers of a pod said, in the order in which they said it. */
async function saidInOrder({ metadata, spec }: Json): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const { name } of [...spec.initContainers, ...spec.containers]) {
    const { text } = await cluster.get(`${podPath(metadata.name)}/log?timestamps=true&container=${name}`);
    lines.push(...text.trim().split('\n'));
  }
  return lines.toSorted().map((line) => line.replace(/^\S+ /, ''));
}

describe('containers before and beside others', () => {
  it('begin one after the other, each once those before it are done or up, and end in reverse order', async () => {
    await until('/apis/batch/v1/namespaces/default/jobs/in-order', 'complete', isTrue('Complete'));
    const { items } = await read(podsOf('job-name=in-order'));
    expect(items).toHaveLength(1);
    expect(items[0].status.phase).toBe('Succeeded');
    expect(await saidInOrder(items[0])).toEqual([
      ...['one begins', 'one ends', 'near begins', 'near is up', 'two begins', 'two ends'],
      ...['far begins', 'far is up', 'main ends', 'far ends', 'near ends'],
    ]);
    for (const { state, restartCount } of items[0].status.initContainerStatuses)
      expect([state.terminated?.exitCode, restartCount]).toEqual([0, 0]);
  });

  it('fail the pod that is not to restart, and what comes after them does not begin', async () => {
    const seen = await until(podPath('failing-init'), 'failed', ({ status }) => status?.phase === 'Failed');
    expect(statusOf(seen, 'one').state.terminated.exitCode).toBe(0);
    expect(statusOf(seen, 'two').state.terminated.exitCode).toBe(3);
    for (const name of ['three', 'main'])
      expect(statusOf(seen, name)).toMatchObject({
        ...{
          restartCount: 0,
          ready: false,
          started: false,
          state: { waiting: { reason: 'PodInitializing' } },
        },
      });
    const initialized = seen.status.conditions.find(({ type }: Json) => type === 'Initialized');
    expect(initialized).toMatchObject({ status: 'False', reason: 'ContainersNotInitialized' });
    await until(
      podPath('failing-init'),
      'its sidecar ended',
      (json) => statusOf(json, 'near').state.terminated,
    );
  });

  it('are tried again in a pod that restarts, which waits for them', async () => {
    const seen = await until(
      podPath('retried-init'),
      'a second try',
      (json) => (statusOf(json, 'one')?.restartCount ?? 0) > 0,
    );
    expect(seen.status.phase).toBe('Pending');
    expect(statusOf(seen, 'one').lastState.terminated.exitCode).toBe(1);
    for (const name of ['two', 'main'])
      expect(statusOf(seen, name).state).toEqual({ waiting: { reason: 'PodInitializing' } });
  });

  it('are restarted as long as the others run, though these would not be', async () => {
    const seen = await until(
      podPath('restarted-sidecar'),
      'a restart',
      (json) =>
        (statusOf(json, 'near')?.restartCount ?? 0) > 0 && statusOf(json, 'main').state.running !== undefined,
    );
    expect(statusOf(seen, 'main')).toMatchObject({ restartCount: 0, state: { running: {} } });
    expect(seen.status.phase).toBe('Running');
  });
});

/** What is told of an object, once something is that holds. */
async function told(
  name: string,
  holds: (event: Json) => boolean,
  deadlineMs?: number,
): Promise<readonly Json[]> {
  const events = `/api/v1/namespaces/default/events?fieldSelector=involvedObject.name%3D${name}`;
  return (await until(events, 'told', ({ items }) => items.some(holds), deadlineMs)).items;
}

describe('gRPC probes', () => {
  it('tell in the words of upstream how a service is, or that there is none', async () => {
    await cluster.apply(...(await probedPod()));
    const { status } = await until(
      podPath('probed'),
      'a restart of who is killed, and the server ready',
      (json) => statusOf(json, 'killed')?.restartCount > 0 && statusOf(json, 'server').ready,
    );
    const words = [
      ['first', 'Readiness', 'service unhealthy (responded with "NOT_SERVING")'],
      [
        ...(['first', 'Liveness'] as const),
        'error: health rpc probe failed: rpc error: code = NotFound desc = unknown service',
      ],
      [
        ...(['second', 'Readiness'] as const),
        'error: this server does not implement the grpc health protocol (grpc.health.v1.Health): unknown service grpc.health.v1.Health',
      ],
      [
        ...(['second', 'Liveness'] as const),
        `timeout: failed to connect service "${status.podIP}:5002" within 2s: context deadline exceeded`,
      ],
    ] as const;
    for (const [name, kind, message] of words) {
      const isIt = (event: Json) =>
        event.reason === 'Unhealthy' && event.message === `${kind} probe failed: ${message}`;
      const events = await told('probed', isIt);
      expect(events.find(isIt).involvedObject.fieldPath).toBe(`spec.containers{${name}}`);
    }
    const events = await told('probed', ({ reason }) => reason === 'Killing');
    expect(events.map(({ message }) => message)).toContain(
      'Container killed failed liveness probe, will be restarted',
    );
    const seen = await read(podPath('probed'));
    for (const { name, ready, restartCount } of seen.status.containerStatuses)
      if (name !== 'killed') expect([name, ready, restartCount]).toEqual([name, name === 'server', 0]);
  }, 240_000);
});

describe('a pod that is to run apart', () => {
  it('runs under the runtime of the Engine that its RuntimeClass names', async () => {
    const status = await cluster.installation.catamaran('status', '--json');
    const { isolation } = (JSON.parse(status.stdout) as StatusResponse).fargate;
    await cluster.apply(...podUnder('runc'), ...(isolation === 'gvisor' ? podUnder('runsc') : []));
    const hasEnded = ({ status }: Json) => status?.phase === 'Succeeded';
    await until(podPath('under-runc'), 'ended', hasEnded);
    const [node] = (await read('/api/v1/nodes')).items;
    const handlers = node.status.runtimeHandlers.map(({ name }: Json) => name);
    expect(handlers).toEqual(expect.arrayContaining(['', 'runc']));
    if (isolation !== 'gvisor') return;
    expect(handlers).toContain('runsc');
    await until(podPath('under-runsc'), 'ended', hasEnded);
    const own = async (name: string) => (await cluster.get(`${podPath(name)}/log`)).text;
    expect(await own('under-runsc')).toMatch(/^Linux version 4\.4\.0 /);
    expect(await own('under-runc')).not.toBe(await own('under-runsc'));
  });

  it('waits, and says why, where there is no such runtime, or there are no users of its own', async () => {
    await cluster.apply(...podUnder('none-such'), podApart('own-users', { hostUsers: false }));
    for (const [name, why] of [
      [
        'under-none-such',
        'rpc error: code = Unknown desc = failed to get sandbox runtime: no runtime for "none-such" is configured',
      ],
      ['own-users', "can't set `spec.hostUsers: false`, runtime does not support user namespaces"],
    ] as const) {
      const events = await told(name, ({ reason }) => reason === 'FailedCreatePodSandBox');
      expect(events.map(({ message }) => message)).toContain(`Failed to create pod sandbox: ${why}`);
      const { status } = await read(podPath(name));
      expect(status).toMatchObject({
        ...{ phase: 'Pending', containerStatuses: [{ state: { waiting: { reason: 'ContainerCreating' } } }] },
      });
      await cluster.k('delete', 'pod', name);
    }
  });
});

describe('the issuer of tokens', () => {
  it('is found and believed by a pod, with its own token', async () => {
    const { status } = await until(podPath('relying-party'), 'ended', (json) =>
      ['Succeeded', 'Failed'].includes(json.status?.phase),
    );
    const { text } = await cluster.get(`${podPath('relying-party')}/log`);
    expect(status.phase, text).toBe('Succeeded');
    expect(JSON.parse(text)).toEqual({
      ...{ isIssuer: true, isSigned: true, algorithm: 'RS256' },
      ...{ audience: ['oidc-discovery-test'], subject: 'system:serviceaccount:default:default' },
    });
  });
});

describe('a pod of a higher priority', () => {
  it('has the place of the least important one, once that has ended in its own time', async () => {
    for (const name of ['barge', 'ferry'])
      await until(podPath(name), 'running', ({ status }) => status?.phase === 'Running');
    await cluster.apply(moored('liner', 'high', idle));
    const waiting = await until(podPath('liner'), 'nominated', ({ status }) => status?.nominatedNodeName);
    expect(waiting.spec.nodeName).toBeUndefined();
    await cluster.k('exec', 'barge', '--', 'touch', '/tmp/looked-at');
    const victim = await until(podPath('barge'), 'ended', ({ status }) => status?.phase === 'Succeeded');
    expect(victim.metadata.deletionTimestamp).toBeDefined();
    expect(victim.status.nodeName ?? victim.spec.nodeName).toBe(waiting.status.nominatedNodeName);
    expect(statusOf(victim, 'main').state.terminated.exitCode).toBe(0);
    expect(victim.status.conditions.find(({ type }: Json) => type === 'DisruptionTarget')).toMatchObject({
      ...{ status: 'True', reason: 'PreemptionByScheduler' },
      message: 'default-scheduler: preempting to accommodate a higher priority pod',
    });
    const placed = await until(podPath('liner'), 'running', ({ status }) => status?.phase === 'Running');
    expect(placed.spec.nodeName).toBe(waiting.status.nominatedNodeName);
    expect((await read(podPath('ferry'))).metadata.deletionTimestamp).toBeUndefined();
    await cluster.k('patch', 'pod', 'barge', '--type=merge', '-p', '{"metadata":{"finalizers":null}}');
  }, 240_000);
});

describe('a CronJob', () => {
  const jobs = '/apis/batch/v1/namespaces/default/jobs';
  const jobsOf = (name: string) => `${jobs}?labelSelector=of%3D${name}`;
  const names = ({ items }: Json): readonly string[] => items.map(({ metadata }: Json) => metadata.name);
  const cron = (name: string) => `/apis/batch/v1/namespaces/default/cronjobs/${name}`;
  /** A minute that begins, and what is made then. */
  const withinMs = 160_000;

  it('that is suspended starts no Job, and one of it may be made by hand', async () => {
    await cluster.k('create', 'job', 'by-hand', '--from=cronjob/suspended');
    const job = await until(`${jobs}/by-hand`, 'complete', isTrue('Complete'));
    expect(job.metadata.annotations['cronjob.kubernetes.io/instantiate']).toBe('manual');
    expect(job.metadata.ownerReferences).toMatchObject([
      { kind: 'CronJob', name: 'suspended', controller: true },
    ]);
    expect(names(await read(jobsOf('suspended')))).toEqual(['by-hand']);
    expect(await cluster.k('logs', 'job/by-hand')).toBe('by hand\n');
  });

  it('starts a Job when its minute comes', async () => {
    const { items } = await until(
      jobsOf('minutely'),
      'a Job',
      ({ items }) => items.some(isTrue('Complete')),
      withinMs,
    );
    const { metadata, status } = items.find(isTrue('Complete'));
    const at = metadata.annotations['batch.kubernetes.io/cronjob-scheduled-timestamp'];
    expect(at).toMatch(/:00Z$/);
    expect(metadata.name).toBe(`minutely-${Date.parse(at) / 60_000}`);
    expect(status.succeeded).toBe(1);
    // On a busy machine the next minute may have come meanwhile.
    await until(cron('minutely'), 'told', (json) => json.status?.lastScheduleTime >= at);
  }, 240_000);

  it('that forbids it has one Job at a time', async () => {
    await told('forbid', ({ reason }) => reason === 'JobAlreadyActive', withinMs);
    const [name, ...more] = names(await read(jobsOf('forbid')));
    expect(more).toEqual([]);
    expect((await read(cron('forbid'))).status.active).toMatchObject([{ kind: 'Job', name }]);
  }, 240_000);

  it('that replaces them ends the pod of the one before', async () => {
    const events = await told('replace', ({ reason }) => reason === 'SuccessfulDelete', withinMs);
    const before = events.find(({ reason }) => reason === 'SuccessfulDelete').message;
    let seen: unknown;
    // With each minute that begins there is another one.
    await waitFor(
      'one Job after it, and one pod, of that',
      async () => {
        const { items } = await read(podsOf('of=replace'));
        const all = names(await read(jobsOf('replace')));
        seen = [all, items.map(({ metadata, status }: Json) => [metadata.name, status])];
        const [name] = all;
        return all.length === 1 &&
          before !== `Deleted job ${name}` &&
          items.length === 1 &&
          items[0].metadata.labels['job-name'] === name &&
          items[0].status?.phase === 'Running'
          ? true
          : undefined;
      },
      () => seen,
    );
  }, 300_000);

  it('forgets those beyond what it keeps', async () => {
    await until(
      jobsOf('history'),
      'one',
      ({ items }) => items.length === 1 && isTrue('Complete')(items[0]),
      withinMs,
    );
    await until(podsOf('of=history'), 'one pod', ({ items }) => items.length === 1);
  }, 300_000);
});
