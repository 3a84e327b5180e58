/**
 * An application behind a load balancer under constant load while everything around it changes: a rolling deployment, two
 * tasks, ten and two again, new rules, `kill -9` of Catamaran and its return, and at last `kill -9` of one proxy. Requests
 * are counted by who sends them and by the tasks. Options: `--seconds 60` at least, `--rate 50` requests a second,
 * `--load-balancers node` as of `up`. Needs root. Prints one JSON line.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { testImage } from '../test/e2e/image.ts';
import { Installation, waitFor } from '../test/e2e/installation.ts';
import { openApplication } from './elb-load/application.ts';
import { type PhaseResult, SteadyLoad } from './elb-load/steady-load.ts';

const { values } = parseArgs({
  options: {
    ...{ seconds: { type: 'string' }, rate: { type: 'string' } },
    ...{ 'load-balancers': { type: 'string' }, json: { type: 'boolean' } },
  },
});
const leastSeconds = Number(values.seconds ?? 60);
const perSecond = Number(values.rate ?? 50);
const deadlineMs = 120_000;
const rules = 5;
const awaySeconds = 10;

const image = await testImage();
/** Where tasks note each request. */
const counted = mkdtempSync(join(tmpdir(), 'catamaran-load-'));
await using cleanUp = new AsyncDisposableStack();
cleanUp.defer(() => rmSync(counted, { recursive: true, force: true }));
const installation = cleanUp.use(
  await Installation.start({ upOptions: ['--load-balancers', values['load-balancers'] ?? 'auto'] }),
);
const ecs = () => installation.ecs();
const elb = () => installation.elb();

const { define, listenerArn, subnets, targetGroupArns, ...application } = await openApplication(
  installation,
  {
    ...{ image, counted, groups: ['load'] },
  },
);
const [targetGroupArn = ''] = targetGroupArns;

/** The service has only that deployment, which is complete, and as many targets in use as it has tasks. */
async function settled(taskDefinition: string, count: number): Promise<void> {
  let seen: unknown;
  await waitFor(
    `${count} tasks of ${taskDefinition}`,
    async () => {
      const { services: [service] = [] } = await ecs().describeServices({ services: ['load'] });
      const { TargetHealthDescriptions: targets = [] } = await elb().describeTargetHealth({
        TargetGroupArn: targetGroupArn,
      });
      const [primary, ...older] = service?.deployments ?? [];
      seen = { primary, states: targets.map(({ TargetHealth }) => TargetHealth?.State) };
      const isDone =
        primary?.taskDefinition === taskDefinition &&
        primary.rolloutState === 'COMPLETED' &&
        older.length === 0 &&
        service?.runningCount === count &&
        targets.length === count &&
        targets.every(({ TargetHealth }) => TargetHealth?.State === 'healthy');
      return isDone ? true : undefined;
    },
    () => seen,
    deadlineMs,
  );
}

const first = await define(1);
await ecs().createService({
  ...{ serviceName: 'load', taskDefinition: first, desiredCount: 2 },
  networkConfiguration: { awsvpcConfiguration: { subnets: [...subnets] } },
  loadBalancers: [{ targetGroupArn, containerName: 'app', containerPort: 80 }],
});
await settled(first, 2);
const urls = await application.urls();
const status = JSON.parse((await installation.catamaran('status', '--json')).stdout) as {
  readonly network: { readonly loadBalancers: string };
};

const isRight = (body: string): boolean => /^revision [12]$/.test(body);
const began = performance.now();
const load = cleanUp.use(new SteadyLoad('rolling deployment', urls, perSecond, isRight));
const second = await define(2);
await ecs().updateService({ service: 'load', taskDefinition: second });
await settled(second, 2);

load.begin('2 to 10 tasks');
await ecs().updateService({ service: 'load', desiredCount: 10 });
await settled(second, 10);
load.begin('10 to 2 tasks');
await ecs().updateService({ service: 'load', desiredCount: 2 });
await settled(second, 2);

load.begin(`${rules} new rules`);
for (let count = 1; count <= rules; count += 1) {
  await elb().createRule({
    ...{ ListenerArn: listenerArn, Priority: count },
    Conditions: [{ Field: 'path-pattern', Values: [`/rule-${count}`] }],
    Actions: [
      { Type: 'fixed-response', FixedResponseConfig: { StatusCode: '200', MessageBody: `${count}` } },
    ],
  });
  for (const url of urls) {
    await waitFor(`rule ${count} at ${url}`, async () => {
      const answer = await fetch(new URL(`/rule-${count}`, url), { headers: { connection: 'close' } });
      return (await answer.text()) === String(count) ? true : undefined;
    });
  }
}

load.begin('Catamaran killed and away');
await installation.kill9();
await sleep(awaySeconds * 1_000);
load.begin('Catamaran back');
await installation.up();
await settled(second, 2);

load.begin('nothing else');
await sleep(Math.max(2_000, leastSeconds * 1_000 - (performance.now() - began)));
const phases = await load.stop();
const seconds = Math.round((performance.now() - began) / 1_000);
const countedByTasks = readFileSync(join(counted, 'requests'), 'utf8').split('\n').length - 1;

/** One node's proxy dies: its connections go with it, and nobody listens until there is another one. */
async function killProxy(): Promise<PhaseResult | undefined> {
  const pid = proxyOf(installation.stateDirectory);
  await using killed = new SteadyLoad('before', urls, perSecond, isRight);
  await sleep(1_000);
  killed.begin('one proxy killed');
  process.kill(pid, 'SIGKILL');
  await sleep(10_000);
  return (await killed.stop()).find(({ name }) => name === 'one proxy killed');
}

function proxyOf(stateDirectory: string): number {
  const found = readdirSync('/proc').find((entry) => {
    if (!/^\d+$/.test(entry)) return false;
    try {
      const [program = '', ...args] = readFileSync(`/proc/${entry}/cmdline`, 'utf8').split('\0');
      return (
        (program.endsWith('haproxy') || args.some((arg) => arg.endsWith('proxy-program.ts'))) &&
        args.some((arg) => arg.startsWith(stateDirectory))
      );
    } catch {
      return false;
    }
  });
  if (found === undefined) throw new Error('There is no proxy');
  return Number(found);
}

const sum = (of: (phase: PhaseResult) => number): number =>
  phases.reduce((total, phase) => total + of(phase), 0);
const failed = sum((phase) => Object.values(phase.failed).reduce((total, count) => total + count, 0));
const answered = sum((phase) => phase.answered);
const killedProxy = await killProxy();
await ecs().deleteService({ service: 'load', force: true });
console.log(
  JSON.stringify({
    bench: 'elb-load',
    ...{ driver: status.network.loadBalancers, seconds, perSecond, answered, failed, countedByTasks },
    repeated: sum((phase) => phase.repeated),
    ...{ phases, killedProxy },
    budget: { failed: 0, countedByTasks: answered },
  }),
);
if (failed > 0 || countedByTasks !== answered) process.exitCode = 1;
