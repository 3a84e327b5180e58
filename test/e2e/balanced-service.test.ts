import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import type { Service } from '@aws-sdk/client-ecs';
import { expect, it } from 'vitest';
import { addEcsRole, addShifterRole } from './ecs-roles.ts';
import { testImage } from './image.ts';
import { Installation, waitFor } from './installation.ts';

it('A service behind a load balancer rolls to another definition without a failed request', async () => {
  await using installation = await Installation.start();
  const ecs = installation.ecs();
  const { loadBalancerArn, address, addTargetGroup, networkConfiguration } = await openBalancer(installation);
  const targetGroupArn = await addTargetGroup('site');
  await installation.elb().createListener({
    ...{ LoadBalancerArn: loadBalancerArn, Protocol: 'HTTP', Port: 80 },
    DefaultActions: [{ Type: 'forward', TargetGroupArn: targetGroupArn }],
  });
  const completed = (taskDefinition: string) =>
    waitFor(`${taskDefinition} to be rolled out`, async () => {
      const [primary, ...older] = (await siteOf(installation))?.deployments ?? [];
      const isIt = primary?.taskDefinition === taskDefinition && primary.rolloutState === 'COMPLETED';
      return isIt && older.length === 0 ? true : undefined;
    });
  const first = await define(installation, 'one');
  await ecs.createService({
    ...{ serviceName: 'site', taskDefinition: first, desiredCount: 2, networkConfiguration },
    loadBalancers: [{ targetGroupArn, containerName: 'app', containerPort: 80 }],
  });
  await completed(first);

  const answers = await underLoad(address, async (asked) => {
    const second = await define(installation, 'two');
    await ecs.updateService({ service: 'site', taskDefinition: second });
    await completed(second);
    await waitFor('the second one to be asked', async () => (asked.get('200 two') ? true : undefined));
  });
  expect([...answers.keys()].sort()).toEqual(['200 one', '200 two']);
  const said = (await siteOf(installation))?.events?.map(({ message }) => message).join('\n') ?? '';
  // Two for each deployment, together or one after the other.
  const registered = said.matchAll(/ registered (\d) targets in \(target-group (\S+)\)/g);
  const counts = [...registered].map(([, count, group]) => (group === targetGroupArn ? Number(count) : 0));
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(4);
  expect(said).toMatch(/taskSet ecs-svc\/\d+\) has begun draining connections on \d tasks\./);
  await ecs.deleteService({ service: 'site', force: true });
}, 300_000);

it('A blue/green deployment moves all traffic at once and back again without a failed request, and asks a function', async () => {
  await using functions = await openFunctions();
  await using installation = await Installation.start({ upOptions: ['--lambda-endpoint', functions.url] });
  const ecs = installation.ecs();
  const elb = installation.elb();
  const { loadBalancerArn, address, addTargetGroup, networkConfiguration } = await openBalancer(installation);
  const groups = [await addTargetGroup('site-one'), await addTargetGroup('site-other')];
  const { Listeners: [listener] = [] } = await elb.createListener({
    ...{ LoadBalancerArn: loadBalancerArn, Protocol: 'HTTP', Port: 80 },
    DefaultActions: [
      {
        Type: 'forward',
        ForwardConfig: {
          TargetGroups: groups.map((TargetGroupArn, place) => ({ TargetGroupArn, Weight: 1 - place })),
        },
      },
    ],
  });
  const weights = async () => {
    const { Rules: [rule] = [] } = await elb.describeRules({ ListenerArn: listener?.ListenerArn });
    const sent = rule?.Actions?.[0]?.ForwardConfig?.TargetGroups ?? [];
    return { ruleArn: rule?.RuleArn ?? '', weights: sent.map(({ Weight }) => Weight) };
  };
  const ended = (status: string) =>
    waitFor(`a service deployment to be ${status}`, async () => {
      const deployment = await currentDeployment(installation);
      return deployment?.status === status ? deployment : undefined;
    });
  await ecs.createService({
    ...{ serviceName: 'site', taskDefinition: await define(installation, 'one'), desiredCount: 2 },
    networkConfiguration,
    deploymentConfiguration: { strategy: 'BLUE_GREEN', bakeTimeInMinutes: 0 },
    loadBalancers: [
      {
        ...{ targetGroupArn: groups[0], containerName: 'app', containerPort: 80 },
        advancedConfiguration: {
          alternateTargetGroupArn: groups[1],
          productionListenerRule: (await weights()).ruleArn,
          roleArn: await addShifterRole(installation),
        },
      },
    ],
  });
  await ended('SUCCESSFUL');
  expect((await weights()).weights).toEqual([0, 100]);

  const answers = await underLoad(address, async (asked) => {
    const may = { Action: 'lambda:InvokeFunction', Resource: '*' };
    const roleArn = await addEcsRole(installation, 'asker', may);
    const hook = {
      hookTargetArn: `arn:aws:lambda:us-east-1:${roleArn.split(':')[4]}:function:check`,
      roleArn,
      lifecycleStages: ['POST_SCALE_UP' as const],
    };
    await ecs.updateService({
      ...{ service: 'site', taskDefinition: await define(installation, 'two') },
      deploymentConfiguration: { lifecycleHooks: [hook] },
    });
    await ended('SUCCESSFUL');
    expect((await weights()).weights).toEqual([100, 0]);
    expect(functions.asked).toEqual([['/2015-03-31/functions/check/invocations', 'POST_SCALE_UP']]);

    const deploymentConfiguration = { bakeTimeInMinutes: 30, lifecycleHooks: [] };
    const third = await define(installation, 'three');
    await ecs.updateService({ service: 'site', taskDefinition: third, deploymentConfiguration });
    await waitFor('the third one to be asked', async () => (asked.get('200 three') ? true : undefined));
    const serviceDeploymentArn = await waitFor('the bake time', async () => {
      const deployment = await currentDeployment(installation);
      return deployment?.lifecycleStage === 'BAKE_TIME' ? deployment.serviceDeploymentArn : undefined;
    });
    await ecs.stopServiceDeployment({ serviceDeploymentArn, stopType: 'ROLLBACK' });
    await ended('ROLLBACK_SUCCESSFUL');
    expect((await weights()).weights).toEqual([100, 0]);
    asked.delete('200 two');
    await waitFor('the second one to be asked', async () => (asked.get('200 two') ? true : undefined));
  });
  expect([...answers.keys()].sort()).toEqual(['200 one', '200 three', '200 two']);
  await ecs.deleteService({ service: 'site', force: true });
}, 400_000);

/** A load balancer on port 80 of its address. */
async function openBalancer(installation: Installation) {
  await installation.openDefaultGroup();
  const elb = installation.elb();
  const subnets = [await installation.subnetId('a'), await installation.subnetId('b')];
  const { LoadBalancers: [balancer] = [] } = await elb.createLoadBalancer({ Name: 'site', Subnets: subnets });
  const { LoadBalancerArn: loadBalancerArn, VpcId } = balancer ?? {};
  const { NetworkInterfaces: [node] = [] } = await installation.ec2().describeNetworkInterfaces({
    Filters: [{ Name: 'description', Values: [`ELB app/site/${loadBalancerArn?.split('/').at(-1)}`] }],
  });
  const addTargetGroup = async (Name: string): Promise<string> => {
    const { TargetGroups: [made] = [] } = await elb.createTargetGroup({
      ...{ Name, Protocol: 'HTTP', Port: 80, VpcId, TargetType: 'ip' },
      ...{ HealthCheckIntervalSeconds: 5, HealthCheckTimeoutSeconds: 4, UnhealthyThresholdCount: 10 },
    });
    const TargetGroupArn = made?.TargetGroupArn ?? '';
    await elb.modifyTargetGroupAttributes({
      TargetGroupArn,
      Attributes: [{ Key: 'deregistration_delay.timeout_seconds', Value: '5' }],
    });
    return TargetGroupArn;
  };
  return {
    ...{ loadBalancerArn, address: node?.Association?.PublicIp ?? '', addTargetGroup },
    networkConfiguration: { awsvpcConfiguration: { subnets } },
  };
}

/** A site that answers with a word, and has gone as soon as it is told to. @returns Its task definition's ARN. */
async function define(installation: Installation, says: string): Promise<string> {
  const image = await testImage();
  const serve = `mkdir /www; echo ${says} > /www/index.html; httpd -f -p 80 -h /www & trap 'kill $!; exit' TERM; wait`;
  const { taskDefinition } = await installation.ecs().registerTaskDefinition({
    ...{ family: 'site', networkMode: 'awsvpc' },
    containerDefinitions: [
      {
        ...{ name: 'app', image, memory: 16, stopTimeout: 2, portMappings: [{ containerPort: 80 }] },
        command: ['sh', '-c', serve],
      },
    ],
  });
  return taskDefinition?.taskDefinitionArn ?? '';
}

/** A program that answers Lambda's Invoke API: whatever it is asked, the stage has succeeded. */
async function openFunctions() {
  const asked: [path: string | undefined, stage: unknown][] = [];
  const server = createServer(async (request, response) => {
    const event = (await json(request)) as { readonly lifecycleStage?: string };
    asked.push([request.url, event.lifecycleStage]);
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ hookStatus: 'SUCCEEDED' }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    ...{ asked, url: `http://127.0.0.1:${port}` },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function siteOf(installation: Installation): Promise<Service | undefined> {
  const { services: [service] = [] } = await installation.ecs().describeServices({ services: ['site'] });
  return service;
}

async function currentDeployment(installation: Installation) {
  const arn = (await siteOf(installation))?.currentServiceDeployment ?? '';
  const asked = { serviceDeploymentArns: [arn] };
  const { serviceDeployments: [found] = [] } = await installation.ecs().describeServiceDeployments(asked);
  return found;
}

/** Asks for the site again and again meanwhile. @returns How often there was which answer, or which error. */
async function underLoad(
  address: string,
  during: (answers: Map<string, number>) => Promise<void>,
): Promise<ReadonlyMap<string, number>> {
  const answers = new Map<string, number>();
  const asking = new AbortController();
  const ask = () =>
    fetch(`http://${address}/`, { headers: { connection: 'close' } })
      .then(async (response) => `${response.status} ${(await response.text()).trim()}`)
      .catch((error: Error) => error.message);
  // What the records say of a first deployment the load balancer does a moment later.
  await waitFor('the site', async () => ((await ask()).startsWith('200 ') ? true : undefined));
  const load = (async () => {
    while (!asking.signal.aborted) {
      const answer = await ask();
      answers.set(answer, (answers.get(answer) ?? 0) + 1);
    }
  })();
  try {
    await during(answers);
  } finally {
    asking.abort();
    await load;
  }
  return answers;
}
