/**
 * Kubernetes' API of a cluster, at 32 connections over TLS: pods created and read a second, a list of 5,000 pods, a change on
 * its way to 1,000 watchers; how long a cluster takes to its first answer, and what 99 idle ones take. Prints one JSON line.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { freePort, MeasuredCatamaran, median, processorMs, residentMiB } from './catamaran.ts';
import { KeptConnection } from './connection.ts';
import { type BenchCluster, Clusters, requestBytes } from './kubernetes-api/cluster.ts';
import { watchFanOut } from './kubernetes-api/watchers.ts';
import { load, round } from './load.ts';

const { values } = parseArgs({
  options: {
    pods: { type: 'string', default: '5000' },
    watchers: { type: 'string', default: '1000' },
    /** Beside the one that is asked: an account has a hundred in a region. */
    clusters: { type: 'string', default: '99' },
    json: { type: 'boolean', default: false },
    /** A folder for the server's CPU profile; the figures then are no measurement. */
    profile: { type: 'string' },
  },
});
const [pods, watchers, clusterCount] = [
  Number(values.pods),
  Number(values.watchers),
  Number(values.clusters),
];
const connections = 32;
const maxMs = 60_000;
const reads = 20_000;
const lists = 15;
const settleMs = 3_000;
const podsPath = '/api/v1/namespaces/default/pods';
/** Has no pods of its own, so that the lists are of the others alone. */
const otherPodsPath = '/api/v1/namespaces/kube-public/pods';
const say = (text: string): void => void process.stderr.write(`kubernetes-api: ${text}\n`);

await using catamaran = await MeasuredCatamaran.start(await freePort(), undefined, [], values.profile);
// What it still starts when it answers first is no part of a cluster.
await catamaran.status();
using clusters = await Clusters.open(catamaran);
const pid = catamaran.process.pid ?? 0;

say('the first cluster');
const began = performance.now();
const beganMs = processorMs(pid);
const cluster = await clusters.create('bench');
const firstMs = performance.now() - began;
const firstProcessorMs = processorMs(pid) - beganMs;
const { port, authority } = cluster;

say(`creating ${pods} pods`);
const created = await asked(pods, (index) => requestBytes(cluster, 'POST', podsPath, pod(index)));
say(`creating ${2 * pods} more, by functions that are compiled by now`);
const createdWarm = await asked(2 * pods, (index) =>
  requestBytes(cluster, 'POST', otherPodsPath, pod(index)),
);
say('reading');
const read = await asked(reads, (index) => requestBytes(cluster, 'GET', `${podsPath}/web-${index % pods}`));
say('listing');
const listed = await listPods(cluster);
say(`${watchers} watchers`);
const watched = await watchFanOut(cluster, { watchers, changes: 100 });

say(`${clusterCount} more clusters`);
await sleep(settleMs);
const beforeMiB = residentMiB(pid);
const readyMs: number[] = [];
for (let index = 0; index < clusterCount; index += 1) {
  const start = performance.now();
  await clusters.create(`idle-${index}`);
  readyMs.push(performance.now() - start);
}
await sleep(settleMs);
const perClusterMiB = (residentMiB(pid) - beforeMiB) / clusterCount;

console.log(
  JSON.stringify({
    ...{ bench: 'kubernetes-api', connections, pods },
    created,
    createdWarm,
    read,
    list: listed,
    watch: { watchers, ...watched },
    clusterToNamespaces: {
      ...{ firstMs: round(firstMs, 0), firstProcessorMs, laterMedianMs: round(median(readyMs), 0) },
    },
    idleCluster: { count: clusterCount, miB: round(perClusterMiB, 2) },
    budget: {
      ...{ createsPerSecond: 1_450, readsPerSecond: 3_200, listMs: 130 },
      ...{ clusterToNamespacesMs: 300, idleClusterMiB: 10 },
    },
  }),
);

/** With the server's processor time for each request: a busy machine changes it less than the clock. */
async function asked(count: number, requestOf: (index: number) => Buffer): Promise<object> {
  const requests = Array.from({ length: count }, (_, index) => requestOf(index));
  const before = processorMs(pid);
  const result = await load({ port, authority, connections, maxMs, requests });
  return { ...result, processorUs: round(((processorMs(pid) - before) * 1_000) / count, 0) };
}

async function listPods(of: BenchCluster): Promise<object> {
  const connection = await KeptConnection.open(of.port, of.authority);
  const taken: number[] = [];
  let bytes = 0;
  const before = processorMs(pid);
  for (let round = 0; round < lists; round += 1) {
    const start = performance.now();
    const answer = await connection.send(requestBytes(of, 'GET', podsPath));
    if (answer.status !== 200) throw new Error(`A list was answered with ${answer.status}`);
    taken.push(performance.now() - start);
    bytes = answer.body.length;
  }
  connection.close();
  return {
    megabytes: round(bytes / 1e6, 1),
    firstMs: round(taken[0] ?? Number.NaN, 0),
    medianMs: round(median(taken), 0),
    mostMs: round(Math.max(...taken), 0),
    processorMs: round((processorMs(pid) - before) / lists, 1),
  };
}

/** About as large as a pod of a Deployment is. */
function pod(index: number): object {
  const resources = { cpu: '100m', memory: '128Mi' };
  return {
    ...{ apiVersion: 'v1', kind: 'Pod' },
    metadata: {
      name: `web-${index}`,
      labels: { app: 'web', 'pod-template-hash': '5d4f8c7b9', tier: `t${index % 10}` },
      annotations: { 'example.com/owner': 'a team with a name', 'example.com/revision': String(index) },
    },
    spec: {
      // The cluster has no nodes: to find and tell that is no part of what is measured.
      schedulerName: 'nobody',
      containers: [
        {
          ...{ name: 'web', image: 'registry.example.com/web:1.2.3', ports: [{ containerPort: 8080 }] },
          env: [
            { name: 'LOG_LEVEL', value: 'info' },
            { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
          ],
          resources: { requests: resources, limits: resources },
          readinessProbe: { httpGet: { path: '/ready', port: 8080 } },
          volumeMounts: [{ name: 'settings', mountPath: '/etc/web' }],
        },
      ],
      volumes: [{ name: 'settings', configMap: { name: 'web' } }],
    },
  };
}
