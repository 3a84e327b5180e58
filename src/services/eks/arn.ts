import type { Principal } from '../service.ts';

/** Which account and region something is meant in. */
export interface Scope {
  readonly accountId: string;
  readonly region: string;
}

const prefixOf = ({ region, accountId }: Scope): string => `arn:aws:eks:${region}:${accountId}:`;

/** @param resource Its type and what tells it from others: `cluster/harbor`. */
export const eksArn = (scope: Scope, resource: string): string => `${prefixOf(scope)}${resource}`;

export const clusterArn = (scope: Scope, name: string): string => eksArn(scope, `cluster/${name}`);

/** Whom it names in its middle: `role/111122223333/deploy`, without the path. */
export function accessEntryArn(
  scope: Scope,
  {
    clusterName,
    principalArn,
    id,
  }: { readonly clusterName: string; readonly principalArn: string; readonly id: string },
): string {
  const [, , , , accountId = '', resource = ''] = principalArn.split(':');
  const [type = '', ...path] = resource.split('/');
  return eksArn(scope, `access-entry/${clusterName}/${type}/${accountId}/${path.at(-1) ?? type}/${id}`);
}

export const podIdentityArn = (
  scope: Scope,
  { clusterName, id }: { readonly clusterName: string; readonly id: string },
): string => eksArn(scope, `podidentityassociation/${clusterName}/${id}`);

export const identityProviderArn = (
  scope: Scope,
  { clusterName, name, id }: { readonly clusterName: string; readonly name: string; readonly id: string },
): string => eksArn(scope, `identityproviderconfig/${clusterName}/oidc/${name}/${id}`);

/** What a cluster has by names: it may be made again, so an id tells one from the next. */
interface NamedInCluster {
  readonly clusterName: string;
  readonly name: string;
  readonly id: string;
}

const arnInCluster =
  (type: string) =>
  (scope: Scope, { clusterName, name, id }: NamedInCluster): string =>
    eksArn(scope, `${type}/${clusterName}/${name}/${id}`);

export const nodegroupArn = arnInCluster('nodegroup');
export const addonArn = arnInCluster('addon');
export const fargateProfileArn = arnInCluster('fargateprofile');

/** What something's ARN says of it, its parts after the type: `['harbor']` of a cluster's. */
export interface EksArn {
  readonly type: string;
  readonly parts: readonly string[];
}

/** Undefined for the ARN of somebody else's, or of no thing of EKS. */
export function readArn(scope: Scope, arn: string): EksArn | undefined {
  const prefix = prefixOf(scope);
  if (!arn.startsWith(prefix)) return undefined;
  const [type = '', ...parts] = arn.slice(prefix.length).split('/');
  return parts.length === 0 || parts.includes('') ? undefined : { type, parts };
}

/** As EKS tells principals apart: of a role's session it is the role (without its path), whatever the session's name. */
export function canonicalArn({ accountId, arn, identity }: Principal): string {
  return identity.kind === 'role' ? `arn:aws:iam::${accountId}:role/${identity.roleName}` : arn;
}
