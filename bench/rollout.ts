/**
 * A Deployment of 1,000 replicas on simulated nodes: from its creation until all are available, and then from a change of its
 * template until no old pod is left. API server, controllers and scheduler are those of a Catamaran of its own with its durable
 * store; kubelets are simulated in another process, over HTTPS (`rollout/kubelets.ts`). `--replicas N`, `--nodes N`, `--most
 * SECONDS`: of either part. Prints one JSON line.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { freePort, MeasuredCatamaran, residentMiB } from './catamaran.ts';
import { KeptConnection } from './connection.ts';
import { Clusters, requestBytes } from './kubernetes-api/cluster.ts';
import { round } from './load.ts';
import type { SimulatedNodes } from './rollout/kubelets.ts';

const { values } = parseArgs({
  options: {
    replicas: { type: 'string', default: '1000' },
    nodes: { type: 'string', default: '100' },
    most: { type: 'string', default: '300' },
    json: { type: 'boolean' },
  },
});
const [replicas, nodes, mostMs] = [
  Number(values.replicas),
  Number(values.nodes),
  Number(values.most) * 1_000,
];
const pollMs = 100;
const path = '/apis/apps/v1/namespaces/default/deployments';
const say = (text: string): void => void process.stderr.write(`rollout: ${text}\n`);

await using cleanUp = new AsyncDisposableStack();
const catamaran = cleanUp.use(await MeasuredCatamaran.start(await freePort()));
const pid = catamaran.process.pid ?? 0;
const clusters = cleanUp.use(await Clusters.open(catamaran));
const cluster = await clusters.create('bench');
const connection = await KeptConnection.open(cluster.port, cluster.authority);
cleanUp.defer(() => connection.close());
const kubelets = fork(fileURLToPath(new URL('rollout/kubelets.ts', import.meta.url)), [
  JSON.stringify({ cluster, nodes } satisfies SimulatedNodes),
]);
cleanUp.defer(() => void kubelets.kill('SIGKILL'));
const [told] = await Promise.race([once(kubelets, 'message'), once(kubelets, 'exit')]);
if (told !== 'watching') throw new Error(`The kubelets ended with ${told}`);

/** What the process has used of processors. `/proc/PID/stat` counts in hundredths of a second. */
function cpuSeconds(): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function ask(method: string, at: string, body?: object) {
  const answer = await connection.send(requestBytes(cluster, method, at, body));
  if (answer.status >= 300) throw new Error(`${method} ${at}: ${answer.status} ${answer.body}`);
  return JSON.parse(answer.body.toString());
}

const deployment = (revision: string) => ({
  ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' } },
  spec: {
    ...{ replicas, selector: { matchLabels: { app: 'web' } } },
    template: {
      metadata: { labels: { app: 'web' }, annotations: { revision } },
      spec: {
        containers: [
          { name: 'app', image: 'app:1', resources: { requests: { cpu: '100m', memory: '128Mi' } } },
        ],
      },
    },
  },
});

/** Until the Deployment is as it was last asked for, and has no other pods. */
async function untilRolledOut(begin: () => Promise<unknown>) {
  const [began, usedBefore] = [performance.now(), cpuSeconds()];
  await begin();
  let told = began;
  for (;;) {
    const { metadata, status = {} } = await ask('GET', `${path}/web`);
    const { observedGeneration, replicas: all = 0, updatedReplicas = 0, availableReplicas = 0 } = status;
    const isDone = [all, updatedReplicas, availableReplicas].every((count) => count === replicas);
    if (observedGeneration === metadata.generation && isDone) break;
    const now = performance.now();
    if (now - began > mostMs)
      throw new Error(
        `After ${mostMs / 1_000} s: ${JSON.stringify({ all, updatedReplicas, availableReplicas })}`,
      );
    if (now - told > 5_000) {
      told = now;
      say(`${updatedReplicas} of the revision, ${availableReplicas} available of ${all}`);
    }
    await sleep(pollMs);
  }
  const seconds = (performance.now() - began) / 1_000;
  const used = cpuSeconds() - usedBefore;
  return {
    ...{ seconds: round(seconds, 1), podsPerSecond: Math.round(replicas / seconds) },
    ...{ cpuSeconds: round(used, 1), cpuMsPerPod: round((used * 1_000) / replicas, 1) },
    residentMiB: Math.round(residentMiB(pid)),
  };
}

const idleMiB = Math.round(residentMiB(pid));
say(`a Deployment of ${replicas} replicas on ${nodes} nodes`);
const created = await untilRolledOut(() => ask('POST', path, deployment('1')));
say('the same with another template');
const rolledOut = await untilRolledOut(() => ask('PUT', `${path}/web`, deployment('2')));
console.log(
  JSON.stringify({
    bench: 'rollout',
    ...{ replicas, nodes, idleMiB, created, rolledOut, loadAverage: round(loadavg()[0] ?? 0, 1) },
  }),
);
