import { invalidParameter, unsupported } from '../errors.ts';

/** AWS's access policies whose permissions are known here, in the order of their names. */
export const accessPolicyNames = [
  'AmazonEKSAdminPolicy',
  'AmazonEKSAdminViewPolicy',
  'AmazonEKSClusterAdminPolicy',
  'AmazonEKSEditPolicy',
  'AmazonEKSViewPolicy',
] as const;

export type AccessPolicyName = (typeof accessPolicyNames)[number];

const prefix = 'arn:aws:eks::aws:cluster-access-policy/';

export const accessPolicyArn = (name: AccessPolicyName): string => `${prefix}${name}`;

/** Those of Auto Mode's nodes and of other services. */
const otherPolicies =
  /^Amazon(?:EKS(?:Auto|Block|Cluster|Compute|Event|Hybrid|Load|Networking|Secret)|ARC|AIOps|SagemakerHyperpod)\w*Policy$/;

/** @throws InvalidParameterException */
export function readAccessPolicy(arn: string, clusterName: string): AccessPolicyName {
  const name = arn.startsWith(prefix) ? arn.slice(prefix.length) : '';
  const known = accessPolicyNames.find((it) => it === name);
  if (known !== undefined) return known;
  if (otherPolicies.test(name)) throw unsupported(`The access policy ${name} is`);
  throw invalidParameter(`The specified policyArn is invalid: invalid policy.`, { clusterName });
}
