import { ACM } from '@aws-sdk/client-acm';
import type { ECS, ECSExpressGatewayService } from '@aws-sdk/client-ecs';
import { IAM } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { getOverTls } from './https.ts';
import { installationContainers, testImage, testImageName } from './image.ts';
import { Installation, waitFor } from './installation.ts';

let installation: Installation;
let ecs: ECS;
let iam: IAM;
let acm: ACM;

beforeAll(async () => {
  await testImage();
  installation = await Installation.start();
  ecs = installation.ecs();
  iam = new IAM(installation.clientOptions());
  acm = new ACM(installation.clientOptions());
});

afterAll(async () => {
  iam?.destroy();
  acm?.destroy();
  await installation?.[Symbol.asyncDispose]();
});

/** A role for a service of AWS's, with one of AWS's policies. @returns its ARN. */
async function role(RoleName: string, service: string, policy: string): Promise<string> {
  const Principal = { Service: `${service}.amazonaws.com` };
  const Statement = [{ Effect: 'Allow', Principal, Action: 'sts:AssumeRole' }];
  const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
  const { Role } = await iam.createRole({ RoleName, AssumeRolePolicyDocument });
  await iam.attachRolePolicy({ RoleName, PolicyArn: `arn:aws:iam::aws:policy/service-role/${policy}` });
  return Role?.Arn ?? '';
}

const saying = (words: string) => ({
  image: testImageName,
  command: ['sh', '-c', `mkdir /www && echo ${words} > /www/ping && exec httpd -f -p 80 -h /www`],
});

it('An Express service answers over HTTPS by its own name, rolls, and leaves nothing', async () => {
  const { service } = await ecs.createExpressGatewayService({
    serviceName: 'pier',
    infrastructureRoleArn: await role(
      'infrastructure',
      'ecs',
      'AmazonECSInfrastructureRoleforExpressGatewayServices',
    ),
    executionRoleArn: await role('execution', 'ecs-tasks', 'AmazonECSTaskExecutionRolePolicy'),
    primaryContainer: saying('first'),
  });
  const serviceArn = service?.serviceArn;
  const name = service?.activeConfigurations?.[0]?.ingressPaths?.[0]?.endpoint ?? '';
  const described = async (): Promise<ECSExpressGatewayService> =>
    (await ecs.describeExpressGatewayService({ serviceArn })).service ?? {};

  const address = await waitFor('the name to lead somewhere', async () => {
    const { code, stdout } = await installation.catamaran('net', 'resolve', name);
    return code === 0 ? /\b\d+\.\d+\.\d+\.\d+\b/.exec(stdout)?.[0] : undefined;
  });
  const certificate = await waitFor('the certificate', async () => {
    const { CertificateSummaryList: [found] = [] } = await acm.listCertificates({
      CertificateStatuses: ['ISSUED'],
    });
    return found?.CertificateArn;
  });
  const { CertificateChain: authority = '' } = await acm.getCertificate({ CertificateArn: certificate });
  const answered = (words: string) =>
    waitFor(
      `it to say ${words}`,
      async () => {
        const answer = await getOverTls({ address, name, ca: authority }, '/ping').catch(() => undefined);
        return answer?.status === 200 && answer.body === words ? true : undefined;
      },
      () => '',
      120_000,
    );
  await answered('first');

  await ecs.updateExpressGatewayService({ serviceArn, primaryContainer: saying('second') });
  await answered('second');

  await ecs.deleteExpressGatewayService({ serviceArn });
  await waitFor(
    'it to be gone',
    async () => ((await described()).status?.statusCode === 'INACTIVE' ? true : undefined),
    async () => JSON.stringify(await described()),
    120_000,
  );
  expect((await installation.elb().describeLoadBalancers({})).LoadBalancers).toEqual([]);
  const { SecurityGroups = [] } = await installation.ec2().describeSecurityGroups({});
  expect(SecurityGroups.map(({ GroupName }) => GroupName)).toEqual(['default']);
  await waitFor('its containers to end', async () => {
    const containers = await installationContainers(installation.stateDirectory);
    return containers.some(({ status }) => status.state === 'running') ? undefined : true;
  });
}, 600_000);
