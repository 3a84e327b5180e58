/**
 * RunTask to RUNNING, as a caller sees it, against creating and starting the same container through the Engine's
 * API by hand, in turns in the same run; then the same as a Fargate task, under runc and under gVisor. Prints one JSON
 * line.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ECS, type RunTaskCommandInput } from '@aws-sdk/client-ecs';
import { busyboxLayer, imageArchive } from '../src/runtime/index.ts';
import { freePort, MeasuredCatamaran } from './catamaran.ts';
import { engine } from './engine.ts';
import { percentile, round } from './load.ts';

const rounds = 40;
const warmUp = 5;
const fargateRounds = 20;
const image = 'catamaran/bench:launch';
const command = ['sleep', '3600'];
const memoryMiB = 32;
const label = `catamaran.bench=${process.pid}`;

/** What a person would do with curl: one container on the bridge, the same limits. */
async function byHand(): Promise<number> {
  const [name, value] = label.split('=') as [string, string];
  const began = performance.now();
  const { Id } = await engine('POST', '/containers/create', {
    Image: image,
    Cmd: command,
    Labels: { [name]: value },
    HostConfig: { Memory: memoryMiB * 1024 * 1024, NetworkMode: 'bridge' },
  });
  await engine('POST', `/containers/${Id}/start`);
  const tookMs = performance.now() - began;
  await engine('DELETE', `/containers/${Id}?force=1&v=1`);
  return tookMs;
}

async function byRunTask(
  ecs: ECS,
  how: RunTaskCommandInput = { taskDefinition: 'bench-launch' },
): Promise<number> {
  const began = performance.now();
  const { tasks = [], failures } = await ecs.runTask(how);
  const task = tasks[0]?.taskArn;
  if (task === undefined) throw new Error(`RunTask placed nothing: ${JSON.stringify(failures)}`);
  for (;;) {
    const described = (await ecs.describeTasks({ tasks: [task] })).tasks?.[0];
    if (described?.lastStatus === 'RUNNING') break;
    if (described?.lastStatus === 'STOPPED') throw new Error(`The task stopped: ${described.stoppedReason}`);
    // Rare enough not to take the processor from what is measured.
    await sleep(10);
  }
  const tookMs = performance.now() - began;
  await ecs.stopTask({ task });
  for (;;) {
    const described = (await ecs.describeTasks({ tasks: [task] })).tasks?.[0];
    if (described?.lastStatus === 'STOPPED') return tookMs;
    await sleep(10);
  }
}

await engine(
  'POST',
  '/images/load?quiet=1',
  await imageArchive({ reference: image, layers: [await busyboxLayer()], config: {} }),
);
const port = await freePort();
await using catamaran = await MeasuredCatamaran.start(port);
const ecs = new ECS({
  endpoint: `http://127.0.0.1:${port}`,
  region: catamaran.credentials.region,
  credentials: catamaran.credentials,
});
await ecs.registerTaskDefinition({
  family: 'bench-launch',
  containerDefinitions: [
    {
      name: 'main',
      image,
      command,
      memory: memoryMiB,
      stopTimeout: 2,
      linuxParameters: { initProcessEnabled: false },
    },
  ],
});
for (;;) {
  const { containerInstanceArns = [] } = await ecs.listContainerInstances({});
  if (containerInstanceArns.length > 0) break;
  await sleep(20);
}

const ours: number[] = [];
const hand: number[] = [];
for (let index = 0; index < rounds + warmUp; index += 1) {
  const handMs = await byHand();
  const oursMs = await byRunTask(ecs);
  if (index < warmUp) continue;
  hand.push(handMs);
  ours.push(oursMs);
  if (index % 10 === 9) process.stderr.write(`launch: ${index + 1} of ${rounds + warmUp}\n`);
}
ecs.destroy();

/** Fargate tasks of the same container; undefined where that isolation can't be had. */
async function onFargate(isolation: 'runc' | 'gvisor'): Promise<readonly number[] | undefined> {
  const port = await freePort();
  const options = ['--fargate-isolation', isolation];
  await using fargate = await MeasuredCatamaran.start(port, undefined, options);
  const client = new ECS({
    endpoint: `http://127.0.0.1:${port}`,
    region: fargate.credentials.region,
    credentials: fargate.credentials,
  });
  const status = await fargate.status();
  if (status.fargate.isolation !== isolation) return undefined;
  await client.registerTaskDefinition({
    family: 'bench-fargate',
    requiresCompatibilities: ['FARGATE'],
    networkMode: 'awsvpc',
    cpu: '256',
    memory: '512',
    containerDefinitions: [{ name: 'main', image, command, stopTimeout: 2 }],
  });
  const launch: RunTaskCommandInput = {
    taskDefinition: 'bench-fargate',
    launchType: 'FARGATE',
    networkConfiguration: {
      awsvpcConfiguration: { subnets: [status.network.defaultVpc?.subnets[0]?.subnetId ?? ''] },
    },
  };
  const took: number[] = [];
  for (let index = 0; index < fargateRounds + warmUp; index += 1) {
    const tookMs = await byRunTask(client, launch);
    if (index >= warmUp) took.push(tookMs);
  }
  client.destroy();
  return took;
}

const runc = await onFargate('runc');
const gvisor = await onFargate('gvisor');

const summary = (values: readonly number[]) => ({
  p50Ms: round(percentile(values, 0.5), 1),
  p99Ms: round(percentile(values, 0.99), 1),
});
console.log(
  JSON.stringify({
    bench: 'launch',
    rounds,
    runTask: summary(ours),
    byHand: summary(hand),
    ratioP50: round(percentile(ours, 0.5) / percentile(hand, 0.5), 2),
    ratioP99: round(percentile(ours, 0.99) / percentile(hand, 0.99), 2),
    fargate: {
      rounds: fargateRounds,
      runc: runc === undefined ? null : summary(runc),
      gvisor: gvisor === undefined ? null : summary(gvisor),
    },
    budget: { ratioP50: 1.2 },
  }),
);
