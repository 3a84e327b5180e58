/**
 * An application behind a load balancer under constant load while its deployments are blue/green: a switch with its bake
 * time, and then one that is rolled back in its bake time. Requests are counted by who sends them and by the tasks. Options:
 * `--seconds 60` at least, `--rate 50` requests a second, `--load-balancers node` as of `up`. Needs root. Prints one JSON line.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { addShifterRole } from '../test/e2e/ecs-roles.ts';
import { testImage } from '../test/e2e/image.ts';
import { Installation, waitFor } from '../test/e2e/installation.ts';
import { openApplication } from './elb-load/application.ts';
import { SteadyLoad } from './elb-load/steady-load.ts';

const { values } = parseArgs({
  options: {
    ...{ seconds: { type: 'string' }, rate: { type: 'string' } },
    ...{ 'load-balancers': { type: 'string' }, json: { type: 'boolean' } },
  },
});
const leastSeconds = Number(values.seconds ?? 60);
const perSecond = Number(values.rate ?? 50);
const driver = values['load-balancers'] ?? 'auto';
const deadlineMs = 180_000;
/** Of a bake time: then it is rolled back. */
const bakedMs = 5_000;

const image = await testImage();
const counted = mkdtempSync(join(tmpdir(), 'catamaran-load-'));
await using cleanUp = new AsyncDisposableStack();
cleanUp.defer(() => rmSync(counted, { recursive: true, force: true }));
const installation = cleanUp.use(await Installation.start({ upOptions: ['--load-balancers', driver] }));
const ecs = installation.ecs();
const { listenerArn, subnets, targetGroupArns, ...application } = await openApplication(installation, {
  ...{ image, counted, groups: ['blue', 'green'] },
});
const [targetGroupArn = '', alternateTargetGroupArn = ''] = targetGroupArns;
const { Rules: [rule] = [] } = await installation.elb().describeRules({ ListenerArn: listenerArn });
/** The newest service deployment comes to that. */
async function reaches(what: { readonly status?: string; readonly stage?: string }): Promise<string> {
  let seen: unknown;
  return waitFor(
    `the deployment to be ${JSON.stringify(what)}`,
    async () => {
      const { serviceDeployments: [newest] = [] } = await ecs.listServiceDeployments({ service: 'load' });
      const { serviceDeploymentArn = '' } = newest ?? {};
      const { serviceDeployments: [deployment] = [] } = await ecs.describeServiceDeployments({
        serviceDeploymentArns: [serviceDeploymentArn],
      });
      seen = deployment;
      const isThere =
        (what.status === undefined || deployment?.status === what.status) &&
        (what.stage === undefined || deployment?.lifecycleStage === what.stage);
      return isThere ? serviceDeploymentArn : undefined;
    },
    () => seen,
    deadlineMs,
  );
}

await ecs.createService({
  ...{ serviceName: 'load', taskDefinition: await application.define(1), desiredCount: 2 },
  networkConfiguration: { awsvpcConfiguration: { subnets: [...subnets] } },
  deploymentConfiguration: { strategy: 'BLUE_GREEN', bakeTimeInMinutes: 0 },
  loadBalancers: [
    {
      ...{ targetGroupArn, containerName: 'app', containerPort: 80 },
      advancedConfiguration: {
        alternateTargetGroupArn,
        productionListenerRule: rule?.RuleArn,
        roleArn: await addShifterRole(installation),
      },
    },
  ],
});
await reaches({ status: 'SUCCESSFUL' });
const urls = await application.urls();
// Its first deployment takes traffic from nobody: nodes may follow a moment after it.
for (const url of urls)
  await waitFor(`an answer at ${url}`, async () => ((await fetch(url)).ok ? true : undefined));
rmSync(join(counted, 'requests'), { force: true });

const began = performance.now();
/** Revisions that have answered since the phase began. */
const heard = new Set<string>();
const isRight = (body: string): boolean => {
  heard.add(body);
  return /^revision [123]$/.test(body);
};
const load = cleanUp.use(new SteadyLoad('before', urls, perSecond, isRight));
await sleep(2_000);
load.begin('switch');
await ecs.updateService({
  ...{ service: 'load', taskDefinition: await application.define(2) },
  deploymentConfiguration: { bakeTimeInMinutes: 1 },
});
await reaches({ status: 'SUCCESSFUL' });
heard.clear();
load.begin('third revision');
await ecs.updateService({ service: 'load', taskDefinition: await application.define(3) });
const serviceDeploymentArn = await reaches({ stage: 'BAKE_TIME', status: 'IN_PROGRESS' });
await sleep(bakedMs);
load.begin('rollback');
await ecs.stopServiceDeployment({ serviceDeploymentArn, stopType: 'ROLLBACK' });
await reaches({ status: 'ROLLBACK_SUCCESSFUL' });
const hasServedBoth = heard.has('revision 2') && heard.has('revision 3');
heard.clear();
load.begin('after');
await sleep(Math.max(3_000, leastSeconds * 1_000 - (performance.now() - began)));
const phases = await load.stop();
const seconds = Math.round((performance.now() - began) / 1_000);
const countedByTasks = readFileSync(join(counted, 'requests'), 'utf8').split('\n').length - 1;
const failed = phases.flatMap((phase) => Object.values(phase.failed)).reduce((sum, count) => sum + count, 0);
const answered = phases.reduce((sum, phase) => sum + phase.answered, 0);
await ecs.deleteService({ service: 'load', force: true });
console.log(
  JSON.stringify({
    bench: 'elb-shift',
    ...{
      driver,
      seconds,
      perSecond,
      answered,
      failed,
      countedByTasks,
      hasServedBoth,
      heardAfter: [...heard],
    },
    ...{ phases, budget: { failed: 0, countedByTasks: answered } },
  }),
);
const isBack = heard.size === 1 && heard.has('revision 2');
if (failed > 0 || countedByTasks !== answered || !hasServedBoth || !isBack) process.exitCode = 1;
