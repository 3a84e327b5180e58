import { type Reader, recordKey } from '../../reconcile/index.ts';
import type { Json } from '../../store/index.ts';
import { parseYaml } from '../apiserver/yaml.ts';
import { isJsonObject, type KubernetesObject, listOf, memberOf, textOf } from '../objects/object.ts';
import type { ClusterPlace } from '../objects/object-records.ts';
import { objectRecords } from '../objects/object-records.ts';

/** Whom of Kubernetes somebody of IAM is. Both may hold what `withNames` fills in. */
export interface Mapping {
  readonly username: string;
  readonly groups: readonly string[];
}

/** What the ConfigMap `aws-auth` in `kube-system` says. */
export interface AwsAuth {
  /** By ARNs of users and roles in lower case, those of roles without their paths. */
  readonly principals: ReadonlyMap<string, Mapping>;
  /** Ids of accounts, all of whose principals are let in by their ARNs. */
  readonly accounts: ReadonlySet<string>;
}

const nobody: AwsAuth = { principals: new Map(), accounts: new Set() };

const records = objectRecords('configmaps');

/** What a cluster's ConfigMap says at the moment, read once for each of its versions. */
export function awsAuthOf(reader: Reader, place: ClusterPlace): () => Promise<AwsAuth> {
  const key = recordKey(records, place.accountId, place.region, place.id, 'kube-system', 'aws-auth');
  let known: { readonly configMap: KubernetesObject; readonly awsAuth: Promise<AwsAuth> } | undefined;
  return () => {
    const configMap = reader.get(records, key);
    if (configMap === undefined) return Promise.resolve(nobody);
    if (known?.configMap !== configMap)
      known = { configMap, awsAuth: readAwsAuth(memberOf(configMap, 'data')) };
    return known.awsAuth;
  };
}

/** Rows that are wrong are left out, and the others count (aws-iam-authenticator). */
async function readAwsAuth(data: object): Promise<AwsAuth> {
  const principals = new Map<string, Mapping>();
  for (const [key, arnName] of [
    ['mapUsers', 'userarn'],
    ['mapRoles', 'rolearn'],
  ] as const) {
    for (const row of await rowsOf(textOf(data, key))) {
      if (!isJsonObject(row)) continue;
      const [arn, username] = [textOf(row, arnName), textOf(row, 'username')];
      const groups = listOf(row, 'groups').filter((it) => typeof it === 'string' && it !== '');
      if (arn !== '' && username !== '')
        principals.set(arn.toLowerCase(), { username, groups: groups.map(String) });
    }
  }
  const accounts = (await rowsOf(textOf(data, 'mapAccounts'))).filter((it) => typeof it === 'string');
  return { principals, accounts: new Set(accounts.filter((it) => /^\d{12}$/.test(it))) };
}

/** Of what is no list, and of no YAML at all: none. */
async function rowsOf(text: string): Promise<readonly Json[]> {
  if (text.trim() === '') return [];
  try {
    const rows = await parseYaml(Buffer.from(text));
    return Array.isArray(rows) ? rows : [];
  } catch {
    return [];
  }
}

/** @param canonicalArn See `canonicalArn` of EKS. */
export function mappingOf(
  { principals, accounts }: AwsAuth,
  canonicalArn: string,
  accountId: string,
): Mapping | undefined {
  const own = principals.get(canonicalArn.toLowerCase());
  if (own !== undefined) return own;
  return accounts.has(accountId) ? { username: canonicalArn, groups: [] } : undefined;
}
