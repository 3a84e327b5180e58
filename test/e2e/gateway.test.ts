import { ACM } from '@aws-sdk/client-acm';
import type { ServiceDeployment } from '@aws-sdk/client-ecs';
import { IAM } from '@aws-sdk/client-iam';
import { expect, it } from 'vitest';
import { addEcsRole } from './ecs-roles.ts';
import { getOverTls } from './https.ts';
import { testImage } from './image.ts';
import { Installation, waitFor } from './installation.ts';

it('A service behind a gateway answers over HTTPS by its host, rolls and is shifted without a failed request, and leaves nothing', async () => {
  await using installation = await Installation.start();
  const ecs = installation.ecs();
  await openGateway(installation);
  const seconds = { healthCheckIntervalSeconds: 5, healthCheckTimeoutSeconds: 4 };
  const gatewayConnectors = [{ portName: 'http', healthCheck: { ...seconds, unhealthyThresholdCount: 10 } }];
  await ecs.createService({
    ...{ serviceName: 'pier', desiredCount: 2, taskDefinition: await define(installation, 'one') },
    networkConfiguration: { awsvpcConfiguration: { subnets: await subnetsOf(installation) } },
    gatewayConnectors,
  });
  const site = await siteOf(installation);
  // What the records say the load balancer does a moment later.
  const answered = (words: string, headers?: Readonly<Record<string, string>>) =>
    waitFor(`it to say ${words}`, async () =>
      (await site.ask(headers)) === `200 ${words}` ? true : undefined,
    );
  await answered('one');

  const answers = await underLoad(site.ask, async (asked) => {
    await ecs.updateService({ service: 'pier', taskDefinition: await define(installation, 'two') });
    await completed(installation);
    await waitFor('the second one to be asked', async () => (asked.get('200 two') ? true : undefined));
  });
  expect([...answers.keys()].sort()).toEqual(['200 one', '200 two']);

  const shifted = await underLoad(site.ask, async (asked) => {
    await ecs.updateService({
      ...{ service: 'pier', taskDefinition: await define(installation, 'three') },
      deploymentConfiguration: {
        strategy: 'BLUE_GREEN',
        lifecycleHooks: [{ targetType: 'PAUSE', lifecycleStages: ['POST_TEST_TRAFFIC_SHIFT'] }],
      },
    });
    const hookId = await waitFor('the pause', async () => {
      const [hook] = (await currentDeployment(installation))?.lifecycleHookDetails ?? [];
      return hook?.status === 'AWAITING_ACTION' ? hook.hookId : undefined;
    });
    // Whoever says so is led to the new tasks, everybody else to those before.
    await answered('three', { 'x-trial': 'yes' });
    expect(await site.ask()).toBe('200 two');
    const { serviceDeploymentArn } = (await currentDeployment(installation)) ?? {};
    await ecs.continueServiceDeployment({ serviceDeploymentArn, hookId, action: 'CONTINUE' });
    await completed(installation);
    await waitFor('the third one to be asked', async () => (asked.get('200 three') ? true : undefined));
  });
  expect([...shifted.keys()].sort()).toEqual(['200 three', '200 two']);
  await answered('three');

  await ecs.deleteService({ service: 'pier', force: true });
  await ecs.disassociateGatewayFromCluster({ gateway: 'quay', cluster: 'default' });
  const associations = async () => (await ecs.listGatewayClusterAssociations({})).gatewayClusterAssociations;
  await waitFor('the association to end', async () =>
    (await associations())?.length === 0 ? true : undefined,
  );
  await ecs.deleteGateway({ gateway: 'quay' });
  expect((await installation.elb().describeLoadBalancers({})).LoadBalancers).toEqual([]);
  expect((await installation.elb().describeTargetGroups({})).TargetGroups).toEqual([]);
  const { SecurityGroups = [] } = await installation.ec2().describeSecurityGroups({});
  expect(SecurityGroups.map(({ GroupName }) => GroupName)).toEqual(['default']);
}, 500_000);

async function openGateway(installation: Installation): Promise<void> {
  const infrastructureRoleArn = await addEcsRole(installation, 'winch');
  const iam = new IAM(installation.clientOptions());
  await iam.attachRolePolicy({
    RoleName: 'winch',
    PolicyArn: 'arn:aws:iam::aws:policy/AmazonECSInfrastructureRoleForGatewayHostSharedALB',
  });
  iam.destroy();
  const ecs = installation.ecs();
  const testTrafficRules = { header: { name: 'X-Trial', values: ['yes'] } };
  await ecs.createGateway({
    ...{ name: 'quay', infrastructureRoleArn, deletionProtection: false },
    configuration: { hostSharedAlb: { testTrafficRules } },
  });
  await ecs.associateGatewayWithCluster({ gateway: 'quay', cluster: 'default' });
}

async function subnetsOf(installation: Installation): Promise<string[]> {
  const { Subnets = [] } = await installation.ec2().describeSubnets({});
  return Subnets.map(({ SubnetId = '' }) => SubnetId);
}

/** A site that answers with a word. @returns Its task definition's ARN. */
async function define(installation: Installation, says: string): Promise<string> {
  const image = await testImage();
  const { taskDefinition } = await installation.ecs().registerTaskDefinition({
    ...{ family: 'pier', networkMode: 'awsvpc' },
    containerDefinitions: [
      {
        ...{ name: 'app', image, memory: 16, stopTimeout: 2 },
        portMappings: [{ name: 'http', containerPort: 80 }],
        command: ['sh', '-c', `mkdir /www; echo ${says} > /www/index.html; exec httpd -f -p 80 -h /www`],
      },
    ],
  });
  return taskDefinition?.taskDefinitionArn ?? '';
}

/** Its host, as the service's route says it, at the address that the VPC's resolver says. */
async function siteOf(installation: Installation) {
  const ecs = installation.ecs();
  const serviceUrl = await waitFor('the route', async () => {
    const { gatewayRoutes: [found] = [] } = await ecs.listGatewayRoutes({ gateway: 'quay' });
    if (found?.status !== 'ACTIVE') return undefined;
    const { gatewayRoute } = await ecs.describeGatewayRoute({ gatewayRouteArn: found.gatewayRouteArn });
    return gatewayRoute?.serviceUrl;
  });
  const name = new URL(serviceUrl).hostname;
  const address = await waitFor('the name to lead somewhere', async () => {
    const { code, stdout } = await installation.catamaran('net', 'resolve', name);
    return code === 0 ? /\b\d+\.\d+\.\d+\.\d+\b/.exec(stdout)?.[0] : undefined;
  });
  const acm = new ACM(installation.clientOptions());
  const { CertificateSummaryList: [certificate] = [] } = await acm.listCertificates({});
  const { CertificateChain: ca = '' } = await acm.getCertificate({
    CertificateArn: certificate?.CertificateArn,
  });
  acm.destroy();
  const ask = (headers: Readonly<Record<string, string>> = {}): Promise<string> =>
    getOverTls({ address, name, ca }, '/', headers).then(
      ({ status, body }) => `${status} ${body}`,
      (error: Error) => error.message,
    );
  return { ask };
}

async function currentDeployment(installation: Installation): Promise<ServiceDeployment | undefined> {
  const ecs = installation.ecs();
  const { services: [service] = [] } = await ecs.describeServices({ services: ['pier'] });
  const { serviceDeployments: [found] = [] } = await ecs.describeServiceDeployments({
    serviceDeploymentArns: [service?.currentServiceDeployment ?? ''],
  });
  return found;
}

const completed = (installation: Installation) =>
  waitFor(
    'the deployment to complete',
    async () => {
      const { services: [service] = [] } = await installation.ecs().describeServices({ services: ['pier'] });
      const [primary, ...older] = service?.deployments ?? [];
      return primary?.rolloutState === 'COMPLETED' && older.length === 0 ? true : undefined;
    },
    () => installation.output,
  );

/** Asks again and again meanwhile. @returns How often there was which answer, or which error. */
async function underLoad(
  ask: () => Promise<string>,
  during: (answers: ReadonlyMap<string, number>) => Promise<void>,
): Promise<ReadonlyMap<string, number>> {
  const answers = new Map<string, number>();
  const asking = new AbortController();
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
