import type { NetworkConfiguration } from '@aws-sdk/client-ecs';
import { expect, it } from 'vitest';
import { testImage } from './image.ts';
import { Installation, waitFor } from './installation.ts';

interface Rolling {
  readonly name: string;
  readonly networkMode: 'awsvpc' | 'bridge';
  readonly targetType: 'ip' | 'instance';
  /** Of the listener. */
  readonly port: number;
  readonly networkConfiguration?: NetworkConfiguration;
}

it('Services behind a load balancer roll to another definition without a failed request, on addresses and on instances', async () => {
  const image = await testImage();
  await using installation = await Installation.start();
  const ecs = installation.ecs();
  const elb = installation.elb();
  const ec2 = installation.ec2();
  await installation.openDefaultGroup(81);
  const subnets = [await installation.subnetId('a'), await installation.subnetId('b')];
  const { LoadBalancers: [balancer] = [] } = await elb.createLoadBalancer({ Name: 'site', Subnets: subnets });
  const { NetworkInterfaces: [node] = [] } = await ec2.describeNetworkInterfaces({
    Filters: [
      { Name: 'description', Values: [`ELB app/site/${balancer?.LoadBalancerArn?.split('/').at(-1)}`] },
    ],
  });

  /** Two tasks behind a listener of their own, which are replaced while they are asked. */
  const roll = async ({ name, networkMode, targetType, port, networkConfiguration }: Rolling) => {
    const { TargetGroups: [made] = [] } = await elb.createTargetGroup({
      ...{ Name: name, Protocol: 'HTTP', Port: 80, VpcId: balancer?.VpcId, TargetType: targetType },
      ...{ HealthCheckIntervalSeconds: 5, HealthCheckTimeoutSeconds: 2 },
    });
    const targetGroupArn = made?.TargetGroupArn ?? '';
    await elb.modifyTargetGroupAttributes({
      TargetGroupArn: targetGroupArn,
      Attributes: [{ Key: 'deregistration_delay.timeout_seconds', Value: '5' }],
    });
    await elb.createListener({
      LoadBalancerArn: balancer?.LoadBalancerArn,
      ...{ Protocol: 'HTTP', Port: port },
      DefaultActions: [{ Type: 'forward', TargetGroupArn: targetGroupArn }],
    });
    const define = async (says: string): Promise<string> => {
      const serves = `mkdir /www; echo ${says} $HOSTNAME > /www/index.html; exec httpd -f -p 80 -h /www`;
      const { taskDefinition } = await ecs.registerTaskDefinition({
        ...{ family: name, networkMode },
        containerDefinitions: [
          {
            ...{ name: 'app', image, memory: 16, stopTimeout: 2, portMappings: [{ containerPort: 80 }] },
            command: ['sh', '-c', serves],
          },
        ],
      });
      return taskDefinition?.taskDefinitionArn ?? '';
    };
    const serviceOf = async () => {
      const { services: [service] = [] } = await ecs.describeServices({ services: [name] });
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
      ...{ serviceName: name, taskDefinition: first, desiredCount: 2 },
      ...(networkConfiguration && { networkConfiguration }),
      loadBalancers: [{ targetGroupArn, containerName: 'app', containerPort: 80 }],
    });
    await completed(first);

    const answers = new Map<string, Set<string>>();
    const asking = new AbortController();
    const load = (async () => {
      while (!asking.signal.aborted) {
        const [answer = '', task = ''] = await fetch(`http://${node?.Association?.PublicIp}:${port}/`, {
          headers: { connection: 'close' },
        })
          .then(async (response) => {
            const [says = '', host = ''] = (await response.text()).trim().split(' ');
            return [`${response.status} ${says}`, host];
          })
          .catch((error: Error) => [error.message]);
        answers.set(answer, (answers.get(answer) ?? new Set()).add(task));
      }
    })();
    const second = await define('two');
    await ecs.updateService({ service: name, taskDefinition: second });
    await completed(second);
    const { TargetHealthDescriptions: targets = [] } = await elb.describeTargetHealth({
      TargetGroupArn: targetGroupArn,
    });
    asking.abort();
    await load;
    // Each answer came from both of its tasks.
    expect([...answers].map(([answer, tasks]) => [answer, tasks.size]).sort()).toEqual([
      ['200 one', 2],
      ['200 two', 2],
    ]);
    const said = (await serviceOf())?.events?.map(({ message }) => message).join('\n') ?? '';
    // Two for each deployment, together or one after the other.
    const registered = said.matchAll(/ registered (\d) targets in \(target-group (\S+)\)/g);
    const counts = [...registered].map(([, count, group]) => (group === targetGroupArn ? Number(count) : 0));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(4);
    expect(said).toMatch(/taskSet ecs-svc\/\d+\) has begun draining connections on \d tasks\./);
    await ecs.deleteService({ service: name, force: true });
    return targets.map(({ Target, TargetHealth }) => ({ ...Target, State: TargetHealth?.State }));
  };

  const networkConfiguration = { awsvpcConfiguration: { subnets } };
  const [, onInstances] = await Promise.all([
    roll({ name: 'site', networkMode: 'awsvpc', targetType: 'ip', port: 80, networkConfiguration }),
    roll({ name: 'machines', networkMode: 'bridge', targetType: 'instance', port: 81 }),
  ]);
  const { containerInstanceArns: containerInstances = [] } = await ecs.listContainerInstances({});
  const described = await ecs.describeContainerInstances({ containerInstances });
  const Id = described.containerInstances?.[0]?.ec2InstanceId ?? '';
  const { Reservations } = await ec2.describeInstances({ InstanceIds: [Id] });
  expect(Reservations?.[0]?.Instances).toMatchObject([{ InstanceId: Id, State: { Name: 'running' } }]);
  const healthy = onInstances.filter(({ State }) => State === 'healthy');
  expect(healthy.map((target) => target.Id)).toEqual([Id, Id]);
  expect(new Set(healthy.map((target) => target.Port)).size).toBe(2);
}, 120_000);
