import { type AccessEntryRecord, type ClusterRecord, canonicalArn } from '../../services/eks/index.ts';
import type { Principal } from '../../services/service.ts';
import { mastersGroup, type User } from './user.ts';

/** Whom a cluster knows: its access entries and its own record. */
export interface EksAdmission {
  readonly cluster: Pick<ClusterRecord, 'authenticationMode' | 'creator'>;
  /** The principal's access entry, where the cluster has one and looks at it. */
  readonly entry: AccessEntryRecord | undefined;
}

/** Whom of Kubernetes a principal of AWS is in a cluster; undefined: nobody lets him in. */
export function eksUser(principal: Principal, { cluster, entry }: EksAdmission): User | undefined {
  const { accountId, userId, accessKeyId, session } = principal;
  const arn = canonicalArn(principal);
  const [id = ''] = userId.split(':');
  const sessionName = session?.name ?? '';
  const facts = {
    uid: `aws-iam-authenticator:${accountId}:${id}`,
    extra: {
      ...{ accessKeyId: [accessKeyId], arn: [principal.arn], canonicalArn: [arn] },
      ...{ principalId: [userId], sessionName: [sessionName] },
    },
  };
  if (entry !== undefined) {
    const filled = (text: string): string => withNames(text, principal);
    return {
      ...{ username: filled(entry.username), groups: entry.kubernetesGroups.map(filled), ...facts },
      accessPolicies: entry.policies,
    };
  }
  // Whoever made a cluster without access entries is its administrator for good.
  if (cluster.authenticationMode !== 'CONFIG_MAP' || id !== cluster.creator?.id) return undefined;
  return { username: principal.arn, groups: [mastersGroup], ...facts };
}

/** What a text says of a principal, in the words of aws-iam-authenticator. */
function withNames(text: string, { accountId, accessKeyId, session }: Principal): string {
  const sessionName = session?.name ?? '';
  const names: Readonly<Record<string, string>> = {
    ...{ AccountID: accountId, AccessKeyID: accessKeyId, SessionNameRaw: sessionName },
    SessionName: sessionName.replaceAll('@', '-'),
  };
  return text.replaceAll(/\{\{(\w+)\}\}/g, (whole, name: string) => names[name] ?? whole);
}
