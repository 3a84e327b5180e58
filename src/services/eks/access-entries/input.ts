import type { AccessScope as AskedScope, CreateAccessEntryCommandInput } from '@aws-sdk/client-eks';
import { invalidParameter, unsupported } from '../errors.ts';
import { constraints } from '../input.ts';
import type { AccessEntryType, AccessScope } from './record.ts';

/** What a type says of its entries. */
interface OfType {
  readonly username?: string;
  readonly kubernetesGroups: readonly string[];
  /** Only these have names, groups and policies as one likes (EKS user guide, "Create access entries"). */
  readonly isStandard?: true;
}

const node = { username: 'system:node:{{SessionName}}' };

const types: Readonly<Record<AccessEntryType, OfType>> = {
  EC2_LINUX: { username: 'system:node:{{EC2PrivateDNSName}}', kubernetesGroups: ['system:nodes'] },
  FARGATE_LINUX: { ...node, kubernetesGroups: ['system:nodes', 'system:node-proxier'] },
  HYBRID_LINUX: { ...node, kubernetesGroups: ['system:nodes'] },
  HYPERPOD_LINUX: { ...node, kubernetesGroups: ['system:nodes'] },
  STANDARD: { kubernetesGroups: [], isStandard: true },
};

const isKnownType = (type: string): type is AccessEntryType => Object.hasOwn(types, type);

/** Whom entries of a type name that is not STANDARD. */
export const entryOfType = (type: AccessEntryType): Pick<WantedEntry, 'kubernetesGroups' | 'username'> => ({
  ...{ username: types[type].username ?? '', kubernetesGroups: types[type].kubernetesGroups },
});

export const isStandard = (type: AccessEntryType): boolean => types[type].isStandard === true;

/** Nobody may name himself as what Kubernetes and AWS name themselves. */
const reservedPrefixes = ['system:', 'eks:', 'aws:', 'amazon:', 'iam:'];

const roleArn = /^arn:aws:iam::(\d{12}):role\/(?:.*\/)?([^/]+)$/;

/** Whom and as whom, as far as the request alone tells. */
export interface WantedEntry {
  readonly type: AccessEntryType;
  readonly username: string;
  readonly kubernetesGroups: readonly string[];
}

/** @throws InvalidParameterException */
export function readAccessEntry(input: CreateAccessEntryCommandInput, accountId: string): WantedEntry {
  const { clusterName = '', principalArn = '', type = 'STANDARD', username, kubernetesGroups = [] } = input;
  if (
    !/^arn:aws:(?:iam::\d{12}:(?:root|(?:user|role)\/.+)|sts::\d{12}:federated-user\/.+)$/.test(principalArn)
  )
    throw invalidParameter('The principalArn parameter format is not valid', { clusterName });
  if (/:role\/aws-service-role\//.test(principalArn)) {
    throw invalidParameter(
      'The caller is not allowed to modify access entries with a principalArn value of a Service Linked Role',
      { clusterName },
    );
  }
  if (!isKnownType(type)) {
    if (['EC2', 'EC2_WINDOWS'].includes(type))
      throw unsupported(`Access entries of the type ${type}, for nodes of Auto Mode and of Windows, are`);
    throw invalidParameter(`The type ${type} is invalid.`, { clusterName });
  }
  if (isStandard(type)) {
    checkUsername(username, clusterName);
    checkGroups(kubernetesGroups, clusterName);
    return { type, username: username ?? defaultUsername(principalArn), kubernetesGroups };
  }
  if (username !== undefined || kubernetesGroups.length > 0) {
    throw invalidParameter(
      `The parameters username and kubernetesGroups can only be used with the type STANDARD.`,
      { clusterName },
    );
  }
  if (roleArn.exec(principalArn)?.[1] !== accountId) {
    throw invalidParameter(
      `The principalArn of an access entry of the type ${type} must be of a role in the cluster's account.`,
      { clusterName },
    );
  }
  return { type, ...entryOfType(type) };
}

/** A role's is that of its sessions, in whose ARN its path does not occur. */
export function defaultUsername(principalArn: string): string {
  const [, accountId, name] = roleArn.exec(principalArn) ?? [];
  return accountId === undefined
    ? principalArn
    : `arn:aws:sts::${accountId}:assumed-role/${name}/{{SessionName}}`;
}

/** @throws InvalidParameterException */
export function checkUsername(username: string | undefined, clusterName: string): void {
  if (username === undefined) return;
  if (username === '') throw invalidParameter('The username must not be empty', { clusterName });
  const reserved = reservedPrefixes.find((prefix) => username.startsWith(prefix));
  if (reserved !== undefined)
    throw invalidParameter(`The username must not begin with ${reserved}`, { clusterName });
  const session = username.search(/\{\{SessionName(?:Raw)?\}\}/);
  // Else whoever chooses the name of a session chooses whom he is.
  if (session !== -1 && !username.slice(0, session).includes(':'))
    throw invalidParameter('The username must have a : before {{SessionName}}', { clusterName });
}

/** @throws InvalidParameterException */
export function checkGroups(groups: readonly string[], clusterName: string): void {
  for (const group of groups) {
    if (group === '') throw invalidParameter('The kubernetes group name must not be empty', { clusterName });
    const reserved = reservedPrefixes.find((prefix) => group.startsWith(prefix));
    if (reserved === undefined) continue;
    throw invalidParameter(
      `The kubernetes group name ${group} is invalid, it cannot start with ${reserved}`,
      {
        clusterName,
      },
    );
  }
}

/** @throws InvalidParameterException */
export function readAccessScope(scope: AskedScope | undefined, clusterName: string): AccessScope {
  const { type, namespaces = [] } = scope ?? {};
  constraints()
    .text('accessScope.type', type, { isRequired: true, oneOf: ['cluster', 'namespace'] })
    .throwIfViolated();
  if (type === 'cluster') {
    if (namespaces.length > 0)
      throw invalidParameter('Namespaces can only be specified for the access scope type namespace.', {
        clusterName,
      });
    return { type: 'cluster' };
  }
  if (namespaces.length === 0)
    throw invalidParameter('The access scope type namespace requires at least one namespace.', {
      clusterName,
    });
  const invalid = namespaces.find((it) => !/^[a-z0-9*](?:[a-z0-9*-]{0,61}[a-z0-9*])?$/.test(it));
  if (invalid !== undefined)
    throw invalidParameter(`The namespace ${invalid} of the access scope is invalid.`, { clusterName });
  return { type: 'namespace', namespaces };
}
