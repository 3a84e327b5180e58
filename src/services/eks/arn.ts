import type { Principal } from '../service.ts';

/** Which account and region something is meant in. */
export interface Scope {
  readonly accountId: string;
  readonly region: string;
}

export const clusterArn = ({ region, accountId }: Scope, name: string): string =>
  `arn:aws:eks:${region}:${accountId}:cluster/${name}`;

/** The name of the cluster that an ARN is of; undefined for the ARN of something else, or of somebody else's. */
export function readClusterArn(scope: Scope, arn: string): string | undefined {
  const prefix = clusterArn(scope, '');
  return arn.startsWith(prefix) ? arn.slice(prefix.length) : undefined;
}

/** As EKS tells principals apart: of a role's session it is the role (without its path), whatever the session's name. */
export function canonicalArn({ accountId, arn, identity }: Principal): string {
  return identity.kind === 'role' ? `arn:aws:iam::${accountId}:role/${identity.roleName}` : arn;
}
