import type { ECS } from '@aws-sdk/client-ecs';
import type { ElasticLoadBalancingV2 } from '@aws-sdk/client-elastic-load-balancing-v2';
import { expect, it } from 'vitest';
import { type DatagramPlace, datagramAnswered, echoDatagrams } from './datagrams.ts';
import { testImage } from './image.ts';
import { Installation, waitFor } from './installation.ts';

const port = 5_353;

it('Datagrams reach a service in bridge mode by a network load balancer, as its security groups let them', async () => {
  await using installation = await Installation.start();
  const [ecs, elb] = [installation.ecs(), installation.elb()];
  await defineTasks(ecs);
  const { address, targetGroupArn, allow } = await openBalancer(installation);
  const client = await launchClient(installation);
  const placeOf = (taskArn: string): DatagramPlace => ({
    ...{ stateDirectory: installation.stateDirectory, taskArn, address: '0.0.0.0' },
  });
  const isAnswered = () => datagramAnswered(placeOf(client), address, port);

  await ecs.createService({
    ...{ serviceName: 'dns', taskDefinition: 'dns', desiredCount: 1 },
    deploymentConfiguration: { minimumHealthyPercent: 0, maximumPercent: 100 },
    loadBalancers: [{ targetGroupArn, containerName: 'app', containerPort: port }],
  });
  const targets = async () => {
    const { TargetHealthDescriptions = [] } = await elb.describeTargetHealth({
      TargetGroupArn: targetGroupArn,
    });
    return TargetHealthDescriptions.filter(({ TargetHealth }) => TargetHealth?.State === 'healthy');
  };
  const served = () =>
    waitFor('its task to be healthy', async () => {
      const { taskArns: [taskArn] = [] } = await ecs.listTasks({ serviceName: 'dns' });
      const [target, ...others] = await targets();
      return taskArn && target && others.length === 0 ? { taskArn, target } : undefined;
    });
  const first = await served();
  const { tasks: [task] = [] } = await ecs.describeTasks({ tasks: [first.taskArn] });
  const bindings = task?.containers?.[0]?.networkBindings ?? [];
  const published = bindings.find(({ protocol }) => protocol === 'udp');
  expect(published).toMatchObject({ containerPort: port, hostPort: expect.any(Number) });
  expect(first.target.Target).toMatchObject({
    ...{ Id: expect.stringMatching(/^i-/), Port: published?.hostPort },
  });

  await using _echo = await echoDatagrams(placeOf(first.taskArn), port);
  expect(await isAnswered()).toBe(false);
  await allow();
  await waitFor('the rule to hold', async () => ((await isAnswered()) ? true : undefined));

  // What the kernel carries, it carries while nobody looks after it.
  await installation.kill9();
  await waitFor('an answer', async () => ((await isAnswered()) ? true : undefined));
  await installation.up();

  // Another task has another port, and is found there.
  const [ecsAgain] = [installation.ecs()];
  await ecsAgain.updateService({ service: 'dns', forceNewDeployment: true });
  const second = await waitFor('another task to be healthy', async () => {
    const { taskArns: [taskArn] = [] } = await ecsAgain.listTasks({ serviceName: 'dns' });
    const health = await installation.elb().describeTargetHealth({ TargetGroupArn: targetGroupArn });
    const isWell = health.TargetHealthDescriptions?.some(
      ({ Target, TargetHealth }) => TargetHealth?.State === 'healthy' && Target?.Port !== published?.hostPort,
    );
    return taskArn && taskArn !== first.taskArn && isWell ? taskArn : undefined;
  });
  expect(await isAnswered()).toBe(false);
  await using _other = await echoDatagrams(placeOf(second), port);
  await waitFor('the other one to answer', async () => ((await isAnswered()) ? true : undefined));
  await ecsAgain.deleteService({ service: 'dns', force: true });
}, 400_000);

/** A service's task answers on a port of its machine's choice, and is asked for its health on one that is always the same. */
async function defineTasks(ecs: ECS): Promise<void> {
  const image = await testImage();
  const common = { name: 'app', image, memory: 16, stopTimeout: 2 };
  await ecs.registerTaskDefinition({
    family: 'dns',
    networkMode: 'bridge',
    containerDefinitions: [
      {
        ...common,
        command: ['sh', '-c', 'mkdir /www; echo ok > /www/index.html; exec httpd -f -p 80 -h /www'],
        portMappings: [
          { containerPort: port, protocol: 'udp' },
          { containerPort: 80, hostPort: 18_080 },
        ],
      },
    ],
  });
  await ecs.registerTaskDefinition({
    ...{ family: 'client', networkMode: 'awsvpc' },
    containerDefinitions: [{ ...common, command: ['sleep', '3600'] }],
  });
}

async function launchClient(installation: Installation): Promise<string> {
  const ecs = installation.ecs();
  const { tasks: [task] = [] } = await ecs.runTask({
    taskDefinition: 'client',
    networkConfiguration: { awsvpcConfiguration: { subnets: [await installation.subnetId('a')] } },
  });
  const taskArn = task?.taskArn ?? '';
  return waitFor(`${taskArn} to run`, async () => {
    const { tasks: [found] = [] } = await ecs.describeTasks({ tasks: [taskArn] });
    return found?.lastStatus === 'RUNNING' ? taskArn : undefined;
  });
}

/** An internal network load balancer of UDP, in a group of its own that lets nobody in until `allow`. */
async function openBalancer(installation: Installation) {
  const [elb, ec2]: [ElasticLoadBalancingV2, ReturnType<Installation['ec2']>] = [
    installation.elb(),
    installation.ec2(),
  ];
  const { Vpcs: [vpc] = [] } = await ec2.describeVpcs({});
  const { GroupId = '' } = await ec2.createSecurityGroup({
    ...{ GroupName: 'dns', Description: 'dns', VpcId: vpc?.VpcId },
  });
  const { LoadBalancers: [balancer] = [] } = await elb.createLoadBalancer({
    ...{ Name: 'dns', Type: 'network', Scheme: 'internal', SecurityGroups: [GroupId] },
    Subnets: [await installation.subnetId('a')],
  });
  const { TargetGroups: [group] = [] } = await elb.createTargetGroup({
    ...{ Name: 'dns', Protocol: 'UDP', Port: port, VpcId: vpc?.VpcId, TargetType: 'instance' },
    ...{ HealthCheckProtocol: 'HTTP', HealthCheckPort: '18080', HealthCheckIntervalSeconds: 6 },
    UnhealthyThresholdCount: 10,
  });
  await elb.modifyTargetGroupAttributes({
    TargetGroupArn: group?.TargetGroupArn,
    Attributes: [{ Key: 'deregistration_delay.timeout_seconds', Value: '1' }],
  });
  await elb.createListener({
    ...{ LoadBalancerArn: balancer?.LoadBalancerArn, Protocol: 'UDP', Port: port },
    DefaultActions: [{ Type: 'forward', TargetGroupArn: group?.TargetGroupArn }],
  });
  const id = balancer?.LoadBalancerArn?.split('/').at(-1);
  const { NetworkInterfaces: [node] = [] } = await ec2.describeNetworkInterfaces({
    Filters: [{ Name: 'description', Values: [`ELB net/dns/${id}`] }],
  });
  const everybody = [{ CidrIp: '0.0.0.0/0' }];
  const IpPermissions = [{ IpProtocol: 'udp', FromPort: port, ToPort: port, IpRanges: everybody }];
  return {
    address: node?.PrivateIpAddress ?? '',
    targetGroupArn: group?.TargetGroupArn ?? '',
    allow: () => ec2.authorizeSecurityGroupIngress({ GroupId, IpPermissions }),
  };
}
