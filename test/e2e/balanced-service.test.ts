import { expect, it } from 'vitest';
import { testImage } from './image.ts';
import { Installation, waitFor } from './installation.ts';

it('A service behind a load balancer rolls to another definition without a failed request', async () => {
  const image = await testImage();
  await using installation = await Installation.start();
  const ecs = installation.ecs();
  const elb = installation.elb();
  await installation.openDefaultGroup();
  const subnets = [await installation.subnetId('a'), await installation.subnetId('b')];
  const { LoadBalancers: [balancer] = [] } = await elb.createLoadBalancer({ Name: 'site', Subnets: subnets });
  const { TargetGroups: [made] = [] } = await elb.createTargetGroup({
    ...{ Name: 'site', Protocol: 'HTTP', Port: 80, VpcId: balancer?.VpcId, TargetType: 'ip' },
    ...{ HealthCheckIntervalSeconds: 5, HealthCheckTimeoutSeconds: 2 },
  });
  const targetGroupArn = made?.TargetGroupArn ?? '';
  await elb.modifyTargetGroupAttributes({
    TargetGroupArn: targetGroupArn,
    Attributes: [{ Key: 'deregistration_delay.timeout_seconds', Value: '5' }],
  });
  await elb.createListener({
    LoadBalancerArn: balancer?.LoadBalancerArn,
    ...{ Protocol: 'HTTP', Port: 80 },
    DefaultActions: [{ Type: 'forward', TargetGroupArn: targetGroupArn }],
  });
  const define = async (says: string): Promise<string> => {
    const { taskDefinition } = await ecs.registerTaskDefinition({
      ...{ family: 'site', networkMode: 'awsvpc' },
      containerDefinitions: [
        {
          ...{ name: 'app', image, memory: 16, stopTimeout: 2, portMappings: [{ containerPort: 80 }] },
          command: ['sh', '-c', `mkdir /www; echo ${says} > /www/index.html; exec httpd -f -p 80 -h /www`],
        },
      ],
    });
    return taskDefinition?.taskDefinitionArn ?? '';
  };
  const serviceOf = async () => {
    const { services: [service] = [] } = await ecs.describeServices({ services: ['site'] });
    return service;
  };
  const completed = (taskDefinition: string) =>
    waitFor(`${taskDefinition} to be rolled out`, async () => {
      const [primary, ...older] = (await serviceOf())?.deployments ?? [];
      const isIt = primary?.taskDefinition === taskDefinition && primary.rolloutState === 'COMPLETED';
      return isIt && older.length === 0 ? true : undefined;
    });
  const first = await define('one');
  await ecs.createService({
    ...{ serviceName: 'site', taskDefinition: first, desiredCount: 2 },
    networkConfiguration: { awsvpcConfiguration: { subnets } },
    loadBalancers: [{ targetGroupArn, containerName: 'app', containerPort: 80 }],
  });
  await completed(first);

  const { NetworkInterfaces: [node] = [] } = await installation.ec2().describeNetworkInterfaces({
    Filters: [
      { Name: 'description', Values: [`ELB app/site/${balancer?.LoadBalancerArn?.split('/').at(-1)}`] },
    ],
  });
  const answers = new Map<string, number>();
  const asking = new AbortController();
  const load = (async () => {
    while (!asking.signal.aborted) {
      const answer = await fetch(`http://${node?.Association?.PublicIp}/`, {
        headers: { connection: 'close' },
      })
        .then(async (response) => `${response.status} ${(await response.text()).trim()}`)
        .catch((error: Error) => error.message);
      answers.set(answer, (answers.get(answer) ?? 0) + 1);
    }
  })();
  const second = await define('two');
  await ecs.updateService({ service: 'site', taskDefinition: second });
  await completed(second);
  asking.abort();
  await load;
  expect([...answers.keys()].sort()).toEqual(['200 one', '200 two']);
  const said = (await serviceOf())?.events?.map(({ message }) => message).join('\n') ?? '';
  // Two for each deployment, together or one after the other.
  const registered = said.matchAll(/ registered (\d) targets in \(target-group (\S+)\)/g);
  const counts = [...registered].map(([, count, group]) => (group === targetGroupArn ? Number(count) : 0));
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(4);
  expect(said).toMatch(/taskSet ecs-svc\/\d+\) has begun draining connections on \d tasks\./);
  await ecs.deleteService({ service: 'site', force: true });
}, 120_000);
