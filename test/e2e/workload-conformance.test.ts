import { realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from './installation.ts';
import { PodCluster } from './pod-cluster.ts';

/**
 * What the conformance suite asks of CronJobs, of init containers and sidecars, of the tokens of ServiceAccounts and of
 * preemption, with containers. All of them are made at once: each test waits for its own.
 */
let cluster: PodCluster;

// biome-ignore lint/suspicious/noExplicitAny: objects, which tests look into.
type Json = any;

const idle = "trap 'exit 0' TERM; while true; do sleep 0.1; done";
const once = {
  automountServiceAccountToken: false,
  restartPolicy: 'Never',
  terminationGracePeriodSeconds: 5,
};
const container = (name: string, script: string, more: object = {}) => ({
  ...cluster.container(script),
  ...{ name, ...more },
});
/** It runs beside the others, and says when it begins, when it is up and when it is told to end. */
const sidecar = (name: string, more: object = {}) =>
  container(
    name,
    `trap 'echo ${name} ends; exit 0' TERM; echo ${name} begins; sleep 1; echo ${name} is up; touch /tmp/up; while true; do sleep 0.1; done`,
    { restartPolicy: 'Always', ...more },
  );
const untilUp = {
  startupProbe: { exec: { command: ['cat', '/tmp/up'] }, periodSeconds: 1, failureThreshold: 60 },
};
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
          ...once,
          initContainers: [
            container('one', 'echo one begins; sleep 1; echo one ends'),
            sidecar('near', untilUp),
            container('two', 'echo two begins; sleep 1; echo two ends'),
            sidecar('far'),
          ],
          containers: [container('main', 'sleep 3; echo main ends')],
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
    initContainers: [container('near', 'sleep 1; exit 1', { restartPolicy: 'Always' })],
    containers: [container('main', idle)],
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

/** A relying party: finds by the API server who issued its token, and the keys. Trusts the cluster alone. */
const relyingParty = `
import { createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
const token = readFileSync('/tokens/token', 'utf8');
const [header, claims] = token.split('.').slice(0, 2).map((part) => JSON.parse(Buffer.from(part, 'base64url')));
const own = readFileSync('/var/run/secrets/kubernetes.io/serviceaccount/token', 'utf8');
const get = async (path) => {
  const response = await fetch('https://kubernetes.default.svc' + path, { headers: { authorization: 'Bearer ' + own } });
  if (response.status !== 200) throw new Error(path + ': ' + response.status + ' ' + (await response.text()));
  return response.json();
};
const { issuer } = await get('/.well-known/openid-configuration');
const { keys } = await get('/openid/v1/jwks');
const key = createPublicKey({ key: keys.find(({ kid }) => kid === header.kid), format: 'jwk' });
const end = token.lastIndexOf('.');
const signature = Buffer.from(token.slice(end + 1), 'base64url');
console.log(JSON.stringify({
  isIssuer: issuer === claims.iss,
  audience: claims.aud,
  subject: claims.sub,
  algorithm: header.alg,
  isSigned: verify('sha256', Buffer.from(token.slice(0, end)), key, signature),
}));
`;
const relyingPod = async () => {
  const triple = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu';
  const loader = process.arch === 'arm64' ? 'ld-linux-aarch64.so.1' : 'ld-linux-x86-64.so.2';
  const mount = (name: string, mountPath: string) => ({ name, mountPath, readOnly: true });
  return pod('relying-party', {
    automountServiceAccountToken: true,
    containers: [
      container('main', '', {
        command: [
          ...[`/host/lib/${loader}`, '--library-path', '/host/lib', '/host/bin/node'],
          '/etc/program/rely.mjs',
        ],
        env: [{ name: 'NODE_EXTRA_CA_CERTS', value: '/var/run/secrets/kubernetes.io/serviceaccount/ca.crt' }],
        volumeMounts: [
          ...[mount('lib', '/host/lib'), mount('bin', '/host/bin')],
          ...[mount('program', '/etc/program'), mount('tokens', '/tokens')],
        ],
      }),
    ],
    volumes: [
      { name: 'lib', hostPath: { path: await realpath(`/lib/${triple}`) } },
      { name: 'bin', hostPath: { path: dirname(await realpath(process.execPath)) } },
      { name: 'program', configMap: { name: 'program' } },
      {
        name: 'tokens',
        projected: { sources: [{ serviceAccountToken: { path: 'token', audience: 'oidc-discovery-test' } }] },
      },
    ],
  });
};

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
      terminationGracePeriodSeconds: 30,
      containers: [
        container('main', script, { resources: { requests: { [berths]: '1' }, limits: { [berths]: '1' } } }),
      ],
    },
    metadata,
  );
/** Deleted, it stays until the test has looked at it. */
const finalizer = 'example.com/looked-at';
const slowToEnd = "trap 'sleep 2; exit 0' TERM; while true; do sleep 0.1; done";

beforeAll(async () => {
  cluster = await PodCluster.start(1, { instanceType: 't3.medium' });
  const node = JSON.parse((await cluster.get('/api/v1/nodes')).text).items[0].metadata.name;
  const patch = { status: { capacity: { [berths]: '2' } } };
  await cluster.k('patch', 'node', node, '--subresource=status', '--type=merge', '-p', JSON.stringify(patch));
  await cluster.apply(
    ...cronJobs(),
    ...podsWithOthers(),
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'program' },
      data: { 'rely.mjs': relyingParty },
    },
    await relyingPod(),
    ...[priority('low', 1), priority('middle', 10), priority('high', 100)],
    moored('barge', 'low', slowToEnd, { finalizers: [finalizer] }),
    moored('ferry', 'middle', idle),
  );
}, 300_000);

afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
}, 120_000);

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
  }, 90_000);

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
  }, 60_000);

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
  }, 60_000);

  it('are restarted as long as the others run, though these would not be', async () => {
    const seen = await until(
      podPath('restarted-sidecar'),
      'a restart',
      (json) => (statusOf(json, 'near')?.restartCount ?? 0) > 0,
    );
    expect(statusOf(seen, 'main')).toMatchObject({ restartCount: 0, state: { running: {} } });
    expect(seen.status.phase).toBe('Running');
  }, 60_000);
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
  }, 60_000);
});

describe('a pod of a higher priority', () => {
  it('has the place of the least important one, once that has ended in its own time', async () => {
    for (const name of ['barge', 'ferry'])
      await until(podPath(name), 'running', ({ status }) => status?.phase === 'Running');
    await cluster.apply(moored('liner', 'high', idle));
    const waiting = await until(podPath('liner'), 'nominated', ({ status }) => status?.nominatedNodeName);
    expect(waiting.spec.nodeName).toBeUndefined();
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
  }, 90_000);
});

describe('a CronJob', () => {
  const jobs = '/apis/batch/v1/namespaces/default/jobs';
  const jobsOf = (name: string) => `${jobs}?labelSelector=of%3D${name}`;
  const names = ({ items }: Json): readonly string[] => items.map(({ metadata }: Json) => metadata.name);
  const cron = (name: string) => read(`/apis/batch/v1/namespaces/default/cronjobs/${name}`);

  it('that is suspended starts no Job, and one of it may be made by hand', async () => {
    await cluster.k('create', 'job', 'by-hand', '--from=cronjob/suspended');
    const job = await until(`${jobs}/by-hand`, 'complete', isTrue('Complete'));
    expect(job.metadata.annotations['cronjob.kubernetes.io/instantiate']).toBe('manual');
    expect(job.metadata.ownerReferences).toMatchObject([
      { kind: 'CronJob', name: 'suspended', controller: true },
    ]);
    expect(names(await read(jobsOf('suspended')))).toEqual(['by-hand']);
    expect(await cluster.k('logs', 'job/by-hand')).toBe('by hand\n');
  }, 60_000);

  it('starts a Job when its minute comes', async () => {
    const { items } = await until(
      jobsOf('minutely'),
      'a Job',
      ({ items }) => items.some(isTrue('Complete')),
      90_000,
    );
    const [{ metadata, status }] = items;
    const at = metadata.annotations['batch.kubernetes.io/cronjob-scheduled-timestamp'];
    expect(at).toMatch(/:00Z$/);
    expect(metadata.name).toBe(`minutely-${Date.parse(at) / 60_000}`);
    expect(status.succeeded).toBe(1);
    expect((await cron('minutely')).status.lastScheduleTime).toBe(at);
  }, 120_000);

  it('that forbids it has one Job at a time', async () => {
    const events = '/api/v1/namespaces/default/events?fieldSelector=involvedObject.name%3Dforbid';
    await until(
      events,
      'told',
      ({ items }) => items.some((each: Json) => each.reason === 'JobAlreadyActive'),
      90_000,
    );
    const [name, ...more] = names(await read(jobsOf('forbid')));
    expect(more).toEqual([]);
    expect((await cron('forbid')).status.active).toMatchObject([{ kind: 'Job', name }]);
  }, 120_000);

  it('that replaces them ends the pod of the one before', async () => {
    const second = await until(
      jobsOf('replace'),
      'a second one',
      ({ items }) => {
        const { creationTimestamp } = items[0]?.metadata ?? {};
        return (
          items.length === 1 &&
          items[0].metadata.name.endsWith(`-${Math.floor(Date.parse(creationTimestamp) / 60_000)}`)
        );
      },
      90_000,
    );
    const [name] = names(second);
    await until(
      podsOf('of=replace'),
      'one pod, of that',
      ({ items }) =>
        items.length === 1 &&
        items[0].metadata.labels['job-name'] === name &&
        items[0].status?.phase === 'Running',
    );
  }, 120_000);

  it('forgets those beyond what it keeps', async () => {
    await until(
      jobsOf('history'),
      'one',
      ({ items }) => items.length === 1 && isTrue('Complete')(items[0]),
      90_000,
    );
    await until(podsOf('of=history'), 'one pod', ({ items }) => items.length === 1);
  }, 120_000);
});
