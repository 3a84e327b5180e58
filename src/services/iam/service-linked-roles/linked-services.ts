/**
 * The services that have a service-linked role, and what it is (IAM user guide, "AWS services that work with IAM"; each
 * service's "Using service-linked roles").
 */
export interface LinkedService {
  /** The service principal that its trust policy names. */
  readonly service: string;
  /** Without a suffix. */
  readonly roleName: string;
  /** Of AWS's managed policy under `aws-service-role/`. */
  readonly policyName: string;
  /** What it says where the service makes it by itself. */
  readonly description?: string;
  /** Whether there may be several, told apart by a suffix. */
  readonly hasSuffix?: true;
}

const linkedServices: readonly LinkedService[] = [
  {
    service: 'ecs.amazonaws.com',
    roleName: 'AWSServiceRoleForECS',
    policyName: 'AmazonECSServiceRolePolicy',
    description: 'Role to enable Amazon ECS to manage your cluster.',
  },
  {
    service: 'ecs.application-autoscaling.amazonaws.com',
    roleName: 'AWSServiceRoleForApplicationAutoScaling_ECSService',
    policyName: 'AWSApplicationAutoscalingECSServicePolicy',
  },
  {
    service: 'eks.amazonaws.com',
    roleName: 'AWSServiceRoleForAmazonEKS',
    policyName: 'AmazonEKSServiceRolePolicy',
  },
  {
    service: 'eks-nodegroup.amazonaws.com',
    roleName: 'AWSServiceRoleForAmazonEKSNodegroup',
    policyName: 'AWSServiceRoleForAmazonEKSNodegroup',
  },
  {
    service: 'eks-fargate.amazonaws.com',
    roleName: 'AWSServiceRoleForAmazonEKSForFargate',
    policyName: 'AmazonEKSForFargateServiceRolePolicy',
  },
  {
    service: 'elasticloadbalancing.amazonaws.com',
    roleName: 'AWSServiceRoleForElasticLoadBalancing',
    policyName: 'AWSElasticLoadBalancingServiceRolePolicy',
  },
  {
    service: 'autoscaling.amazonaws.com',
    roleName: 'AWSServiceRoleForAutoScaling',
    policyName: 'AutoScalingServiceRolePolicy',
    hasSuffix: true,
  },
  {
    service: 'spot.amazonaws.com',
    roleName: 'AWSServiceRoleForEC2Spot',
    policyName: 'AWSEC2SpotServiceRolePolicy',
  },
];

const byService = new Map(linkedServices.map((it) => [it.service, it]));

/** Undefined: the service has no such role. */
export function linkedService(service: string): LinkedService | undefined {
  return byService.get(service);
}

export const linkedRolePath = (service: string): string => `/aws-service-role/${service}/`;

export const linkedRoleName = ({ roleName }: LinkedService, suffix?: string): string =>
  suffix === undefined ? roleName : `${roleName}_${suffix}`;
