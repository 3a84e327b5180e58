import type { Installation } from '../../test/e2e/installation.ts';

/** A load balancer with a listener, and target groups for tasks that note each request and say of which revision they are. */
export interface Application {
  readonly subnets: readonly string[];
  readonly listenerArn: string;
  /** Of one target group for each name; the listener's default rule leads to the first. */
  readonly targetGroupArns: readonly string[];
  /** @returns the task definition's ARN. */
  define(revision: number): Promise<string>;
  /** Where its nodes answer; once it has a service. */
  urls(): Promise<readonly string[]>;
}

/** @param counted The directory on this machine in which tasks note requests. */
export async function openApplication(
  installation: Installation,
  {
    image,
    counted,
    groups,
  }: { readonly image: string; readonly counted: string; readonly groups: readonly string[] },
): Promise<Application> {
  const [ecs, elb] = [installation.ecs(), installation.elb()];
  await installation.openDefaultGroup();
  const subnets = [await installation.subnetId('a'), await installation.subnetId('b')];
  const { LoadBalancers: [balancer] = [] } = await elb.createLoadBalancer({ Name: 'load', Subnets: subnets });
  const targetGroupArns: string[] = [];
  for (const Name of groups) {
    const { TargetGroups: [group] = [] } = await elb.createTargetGroup({
      ...{ Name, Protocol: 'HTTP', Port: 80, VpcId: balancer?.VpcId, TargetType: 'ip' },
      ...{ HealthCheckIntervalSeconds: 5, HealthCheckTimeoutSeconds: 2, HealthCheckPath: '/index.html' },
    });
    const TargetGroupArn = group?.TargetGroupArn ?? '';
    targetGroupArns.push(TargetGroupArn);
    await elb.modifyTargetGroupAttributes({
      TargetGroupArn,
      Attributes: [{ Key: 'deregistration_delay.timeout_seconds', Value: '5' }],
    });
  }
  const { Listeners: [listener] = [] } = await elb.createListener({
    LoadBalancerArn: balancer?.LoadBalancerArn,
    ...{ Protocol: 'HTTP', Port: 80 },
    DefaultActions: [
      {
        Type: 'forward',
        ForwardConfig: {
          TargetGroups: targetGroupArns.map((TargetGroupArn, place) => ({
            TargetGroupArn,
            Weight: place === 0 ? 1 : 0,
          })),
        },
      },
    ],
  });
  return {
    ...{ subnets, targetGroupArns, listenerArn: listener?.ListenerArn ?? '' },
    define: async (revision) => {
      const script = [
        'mkdir -p /www/cgi-bin; echo well > /www/index.html',
        `printf '#!/bin/sh\\necho x >>/count/requests\\nprintf "Content-Type: text/plain\\\\r\\\\n\\\\r\\\\nrevision ${revision}"\\n' >/www/cgi-bin/hit`,
        'chmod +x /www/cgi-bin/hit; exec httpd -f -p 80 -h /www',
      ];
      const { taskDefinition } = await ecs.registerTaskDefinition({
        ...{ family: 'load', networkMode: 'awsvpc' },
        volumes: [{ name: 'count', host: { sourcePath: counted } }],
        containerDefinitions: [
          {
            ...{ name: 'app', image, memory: 32, stopTimeout: 2, portMappings: [{ containerPort: 80 }] },
            command: ['sh', '-c', script.join('\n')],
            mountPoints: [{ sourceVolume: 'count', containerPath: '/count' }],
          },
        ],
      });
      return taskDefinition?.taskDefinitionArn ?? '';
    },
    urls: async () => {
      const id = balancer?.LoadBalancerArn?.split('/').at(-1);
      const { NetworkInterfaces: nodes = [] } = await installation.ec2().describeNetworkInterfaces({
        Filters: [{ Name: 'description', Values: [`ELB app/load/${id}`] }],
      });
      return nodes.flatMap(({ Association }) =>
        Association?.PublicIp ? `http://${Association.PublicIp}/cgi-bin/hit` : [],
      );
    },
  };
}
