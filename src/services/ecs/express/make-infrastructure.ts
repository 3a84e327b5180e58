import { isDeepStrictEqual } from 'node:util';
import { type Infrastructure, unless } from '../../infrastructure.ts';
import { serviceArn } from '../arn.ts';
import {
  allowEgress,
  allowIngress,
  fromEverywhere,
  isIssued,
  letNothingOut,
  makeListener,
  makeLoadBalancer,
  makeRule,
  makeSecurityGroup,
  makeTargetGroup,
  managed,
  requestCertificate,
  revokeEgress,
  revokeIngress,
} from '../ingress/make.ts';
import { wantedAdmissions } from './admissions.ts';
import { admitService } from './admit-service.ts';
import { type Admission, type ExpressResources, type ExpressServiceRecord, ownGroupName } from './records.ts';
import type { Site } from './site.ts';

/** Amazon EC2 API reference, CreateSecurityGroup: "Up to 255 characters in length". */
const mostDescription = 255;

/** @returns false: something takes its time, look again. */
export async function makeInfrastructure(site: Site): Promise<boolean> {
  const { express, loadBalancer, service, note } = site;
  if (express.logGroupName !== undefined)
    await note({ logGroup: await makeLogGroup(site, express.logGroupName) });
  const certificate = express.made.certificate ?? (await requestCertificate(site, express.endpoint));
  await note({ certificate });

  const balancerGroup = await makeSecurityGroup(site, {
    vpcId: express.vpcId,
    name: loadBalancer.securityGroupName,
    description: `Load balancer ${loadBalancer.name} of Express services`,
  });
  await note({ loadBalancerSecurityGroup: balancerGroup });
  await letHttpsInOnly(site, balancerGroup);
  const balancer = await makeLoadBalancer(site, {
    name: loadBalancer.name,
    scheme: loadBalancer.accessType === 'PUBLIC' ? 'internet-facing' : 'internal',
    subnetIds: loadBalancer.subnetIds,
    securityGroups: [balancerGroup],
  });
  await note({ loadBalancer: balancer });

  const own =
    express.securityGroups.length > 0
      ? undefined
      : await makeSecurityGroup(site, {
          vpcId: express.vpcId,
          name: ownGroupName(express),
          description: `Express service ${express.name} of cluster ${express.cluster}`.slice(
            0,
            mostDescription,
          ),
        });
  if (own !== undefined) await note({ securityGroup: own });
  await admit(site, balancerGroup, own);

  const targetGroup = await makeTargetGroup(site, express.targetGroupName, targetGroupOf(site));
  await note({ targetGroup });
  if (!(await isIssued(site, certificate))) return false;
  const listener = await makeListener(site, balancer, certificate);
  await note({ listener });
  const targetGroups = [{ TargetGroupArn: targetGroup }];
  await note({
    rule: await makeRule(site, listener, { host: express.endpoint, targetGroups, priorityFrom: 1 }),
  });

  if (service.awaitsInfrastructure) await admitService(site, targetGroup, own);
  await note(await makeScaling(site, balancer, targetGroup));
  return true;
}

async function makeLogGroup({ ask, scope }: Site, logGroupName: string): Promise<string> {
  await unless(['ResourceAlreadyExistsException'], () =>
    ask('logs', 'CreateLogGroup', { logGroupName, tags: managed }),
  );
  return `arn:aws:logs:${scope.region}:${scope.accountId}:log-group:${logGroupName}`;
}

/** HTTPS comes in from everywhere. Every new group lets everything out: this one goes only where it is admitted. */
async function letHttpsInOnly(site: Site, balancerGroup: string): Promise<void> {
  // With a load balancer in it, it has been through this; what users change from then on stays.
  if (site.express.made.loadBalancer !== undefined) return;
  await allowIngress(site, balancerGroup, fromEverywhere);
  await letNothingOut(site.ask, balancerGroup);
}

/** The load balancer may go where the service's deployments listen, and nowhere else any more. */
async function admit(site: Site, balancerGroup: string, own: string | undefined): Promise<void> {
  const { ask, express } = site;
  const before = express.made.admitted ?? [];
  const wanted = wantedAdmissions(site, own);
  for (const { securityGroupId, port } of wanted.filter((each) => !holds(before, each))) {
    await allowEgress(site, balancerGroup, { port, GroupId: securityGroupId });
    if (securityGroupId === own) await allowIngress(site, own, { port, GroupId: balancerGroup });
  }
  await site.note({ admitted: [...before.filter((each) => !holds(wanted, each)), ...wanted] });
  for (const each of before.filter((one) => !holds(wanted, one)))
    await dismiss(ask, { balancerGroup, own }, each);
  await site.note({ admitted: wanted });
}

const holds = (admissions: readonly Admission[], { securityGroupId, port }: Admission): boolean =>
  admissions.some((each) => each.securityGroupId === securityGroupId && each.port === port);

/** Takes back what `admit` has allowed. @param groups.own Of those that there are, the one that was made for the service. */
export async function dismiss(
  ask: Infrastructure,
  groups: { readonly balancerGroup: string; readonly own: string | undefined },
  { securityGroupId, port }: Admission,
): Promise<void> {
  const { balancerGroup, own } = groups;
  await revokeEgress(ask, balancerGroup, { port, GroupId: securityGroupId });
  if (securityGroupId === own) await revokeIngress(ask, own, { port, GroupId: balancerGroup });
}

function targetGroupOf({ ecs, scope, express, service }: Site) {
  const { healthCheckPath: HealthCheckPath, vpcId: VpcId } = express;
  const [admission] = wantedAdmissions({ ecs, scope, express, service }, '');
  return {
    ...{ VpcId, HealthCheckPath, Port: admission?.port },
    ...{ HealthCheckIntervalSeconds: 30, HealthCheckTimeoutSeconds: 5 },
    ...{ HealthyThresholdCount: 5, UnhealthyThresholdCount: 2 },
  };
}

export const scalableService = ({ cluster, name }: ExpressServiceRecord) => ({
  ServiceNamespace: 'ecs' as const,
  ResourceId: `service/${cluster}/${name}`,
  ScalableDimension: 'ecs:service:DesiredCount' as const,
});

const predefinedMetrics = {
  AVERAGE_CPU: 'ECSServiceAverageCPUUtilization',
  AVERAGE_MEMORY: 'ECSServiceAverageMemoryUtilization',
  REQUEST_COUNT_PER_TARGET: 'ALBRequestCountPerTarget',
} as const;

async function makeScaling(
  { ask, express }: Site,
  balancer: string,
  targetGroup: string,
): Promise<Partial<ExpressResources>> {
  const { minTaskCount, maxTaskCount, autoScalingMetric, autoScalingTargetValue } = express.scalingTarget;
  const target = scalableService(express);
  const { scalableTarget: known, scalingPolicy: before, scaledBy } = express.made;
  if (isDeepStrictEqual(scaledBy, express.scalingTarget)) return {};
  const { ScalableTargetARN } = await ask('application-autoscaling', 'RegisterScalableTarget', {
    ...target,
    ...{ MinCapacity: minTaskCount, MaxCapacity: maxTaskCount },
    ...(known === undefined && { Tags: managed }),
  });
  const PredefinedMetricType = predefinedMetrics[autoScalingMetric];
  const name = `${express.name}${PredefinedMetricType}`;
  const { PolicyARN } = await ask('application-autoscaling', 'PutScalingPolicy', {
    ...{ ...target, PolicyName: name, PolicyType: 'TargetTrackingScaling' },
    TargetTrackingScalingPolicyConfiguration: {
      TargetValue: autoScalingTargetValue,
      DisableScaleIn: false,
      PredefinedMetricSpecification: {
        PredefinedMetricType,
        ...(autoScalingMetric === 'REQUEST_COUNT_PER_TARGET' && {
          ResourceLabel: `${suffix(balancer, 'loadbalancer/')}/${suffix(targetGroup, 'targetgroup/', 'targetgroup/')}`,
        }),
      },
    },
  });
  if (before !== undefined && before.name !== name)
    await unless(['ObjectNotFoundException'], () =>
      ask('application-autoscaling', 'DeleteScalingPolicy', { ...target, PolicyName: before.name }),
    );
  return {
    scalableTarget: ScalableTargetARN ?? known ?? '',
    scalingPolicy: { arn: PolicyARN ?? '', name },
    scaledBy: express.scalingTarget,
  };
}

/** What stands in an ARN behind a word. */
const suffix = (arn: string, word: string, prefix = ''): string =>
  prefix + arn.slice(arn.indexOf(word) + word.length);

export const expressArn = ({ scope, express }: Pick<Site, 'scope' | 'express'>): string =>
  serviceArn(scope, express.cluster, express.name);
