/** ARNs of IAM's entities (IAM user guide, "IAM identifiers"): no region, and the path is part of the name. */

export const rootArn = (accountId: string): string => `arn:aws:iam::${accountId}:root`;

type EntityType = 'user' | 'group' | 'role' | 'policy' | 'instance-profile';

/** @param path `/` or `/…/`. */
export const entityArn = (accountId: string, type: EntityType, path: string, name: string): string =>
  `arn:aws:iam::${accountId}:${type}${path}${name}`;

/** A role's session, in whose ARN the role's path does not occur. */
export const sessionArn = (accountId: string, roleName: string, sessionName: string): string =>
  `arn:aws:sts::${accountId}:assumed-role/${roleName}/${sessionName}`;

/** The name of the role whose session an ARN is of. */
export const roleInSession = (arn: string): string | undefined =>
  /^arn:aws:sts::\d{12}:assumed-role\/([^/]+)\//.exec(arn)?.[1];

export const federatedUserArn = (accountId: string, name: string): string =>
  `arn:aws:sts::${accountId}:federated-user/${name}`;

export interface EntityName {
  /** `aws` for AWS's own policies. */
  readonly accountId: string;
  readonly type: EntityType;
  readonly path: string;
  readonly name: string;
}

const pattern =
  /^arn:aws:iam::(?<accountId>\d{12}|aws):(?<type>user|group|role|policy|instance-profile)(?<path>\/(?:[\u0021-\u007e]+\/)?)(?<name>[\w+=,.@-]+)$/;

/** Undefined: it is no ARN of a user, group, role, policy or instance profile. */
export function parseEntityArn(arn: string): EntityName | undefined {
  const parts = pattern.exec(arn)?.groups;
  if (parts === undefined) return undefined;
  const { accountId = '', type, path = '/', name = '' } = parts;
  return { accountId, type: type as EntityType, path, name };
}
