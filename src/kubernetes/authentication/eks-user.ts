import { type AccessEntryRecord, type ClusterRecord, canonicalArn } from '../../services/eks/index.ts';
import type { Principal } from '../../services/service.ts';
import { type AwsAuth, mappingOf } from './aws-auth.ts';
import { mastersGroup, TokenError, type User } from './user.ts';

/** What a cluster knows of whom it lets in. */
export interface EksAdmission {
  readonly cluster: Pick<ClusterRecord, 'authenticationMode' | 'creator'>;
  /** IAM's own id of whoever asks: of a role's session the role's, of a federated user nobody else's. */
  readonly principalId: string;
  /** The principal's access entry, where the cluster has one and looks at it. */
  readonly entry: AccessEntryRecord | undefined;
  /** What the ConfigMap `aws-auth` says. Asked where the cluster looks at it. */
  readonly awsAuth: () => Promise<AwsAuth>;
  /** By which name an instance is known that is a node; undefined: it is none. */
  readonly nodeDnsName: (instanceId: string) => string | undefined;
}

/**
 * Whom of Kubernetes a principal of AWS is in a cluster, by its access entry before all else; undefined: nobody lets him in.
 * @throws {TokenError} he would be named after something that is not known here.
 */
export async function eksUser(
  principal: Principal,
  { cluster, principalId, entry, awsAuth, nodeDnsName }: EksAdmission,
): Promise<User | undefined> {
  const { accountId, userId, accessKeyId, session } = principal;
  const arn = canonicalArn(principal);
  const facts = {
    uid: `aws-iam-authenticator:${accountId}:${userId.split(':')[0]}`,
    extra: {
      ...{ accessKeyId: [accessKeyId], arn: [principal.arn], canonicalArn: [arn] },
      ...{ principalId: [userId], sessionName: [session?.name ?? ''] },
    },
  };
  const filled = (text: string): string => withNames(text, principal, nodeDnsName);
  if (entry !== undefined) {
    return {
      ...{ username: filled(entry.username), groups: entry.kubernetesGroups.map(filled), ...facts },
      accessPolicies: entry.policies,
    };
  }
  if (cluster.authenticationMode === 'API') return undefined;
  // Whoever made a cluster without access entries is its administrator for good.
  if (cluster.authenticationMode === 'CONFIG_MAP' && principalId === cluster.creator?.id)
    return { username: principal.arn, groups: [mastersGroup], ...facts };
  const mapping = mappingOf(await awsAuth(), arn, accountId);
  if (mapping === undefined) return undefined;
  return { username: filled(mapping.username), groups: mapping.groups.map(filled), ...facts };
}

/** What a text says of a principal, in the words of aws-iam-authenticator. @throws {TokenError} */
function withNames(
  text: string,
  { accountId, accessKeyId, session }: Principal,
  nodeDnsName: EksAdmission['nodeDnsName'],
): string {
  const sessionName = session?.name ?? '';
  const names: Readonly<Record<string, string>> = {
    ...{ AccountID: accountId, AccessKeyID: accessKeyId, SessionNameRaw: sessionName },
    SessionName: sessionName.replaceAll('@', '-'),
  };
  return text.replaceAll(/\{\{(\w*)\}\}/g, (whole, name: string) => {
    // The sessions of an instance's role are named after the instance.
    const value = name === 'EC2PrivateDNSName' ? nodeDnsName(sessionName) : names[name];
    if (value === undefined && name === 'EC2PrivateDNSName')
      throw new TokenError(`the session ${sessionName} is of no instance that is a node`);
    // Else somebody could be named as the text stands, which is nobody's name.
    if (value === undefined)
      throw new TokenError(`${whole} in ${text} is not supported by this version of Catamaran yet`);
    return value;
  });
}
