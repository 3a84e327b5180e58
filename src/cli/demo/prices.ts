/** What the application is on: the EKS node's, and what stands for the container instance of ECS when its price is asked for. */
export const nodeType = 't3.small';

/**
 * What AWS asks, in US dollars an hour, on demand: without discounts, savings plans and free tiers. Everything that the
 * demo says about money comes from here.
 */
export const prices = {
  region: 'us-east-1',
  asOf: 'May 2026',
  sources: [
    'https://aws.amazon.com/eks/pricing/',
    'https://aws.amazon.com/ec2/pricing/on-demand/',
    'https://aws.amazon.com/fargate/pricing/',
    'https://aws.amazon.com/elasticloadbalancing/pricing/',
    'https://aws.amazon.com/vpc/pricing/',
  ],
  hoursInMonth: 730,
  /** Of a version in standard support. ECS asks nothing for its own. */
  eksControlPlane: 0.1,
  /** Of `nodeType`, Linux. */
  instance: 0.0208,
  applicationLoadBalancer: 0.0225,
  loadBalancerCapacityUnit: 0.008,
  publicAddress: 0.005,
  /** Linux on x86; the same for tasks and pods. */
  fargateVcpu: 0.04048,
  fargateGb: 0.004445,
} as const;

/** The smallest that Fargate sells. */
export const fargateSize = { vcpu: 0.25, gb: 0.5 } as const;
