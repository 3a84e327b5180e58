import type { Json } from '../../store/index.ts';
import type { Cluster } from '../apiserver/cluster.ts';
import { ApiError } from '../apiserver/status.ts';
import { parseYaml, writeYaml } from '../apiserver/yaml.ts';
import type { Kept } from '../controllers/objects.ts';
import { Writer } from '../controllers/writer.ts';
import { isJsonObject, textOf } from '../objects/object.ts';
import { resourceNamed } from '../schema/catalogue.ts';

interface AwsAuth extends Kept {
  readonly data?: Readonly<Record<string, string>>;
}

const configMaps = resourceNamed('', 'configmaps');
const named = { namespace: 'kube-system', name: 'aws-auth' };

/** A role of nodes, and as whom it lets them in. */
export interface NodeRole {
  /** ARN. */
  readonly role: string;
  readonly username: string;
  readonly groups: readonly string[];
}

/** As EKS writes the rows of roles of node groups, and of Fargate's pod execution roles. */
export const nodegroupRole = (role: string): NodeRole => ({
  ...{ role, username: 'system:node:{{EC2PrivateDNSName}}' },
  groups: ['system:bootstrappers', 'system:nodes'],
});
export const fargateRole = (role: string): NodeRole => ({
  ...{ role, username: 'system:node:{{SessionName}}' },
  groups: ['system:bootstrappers', 'system:nodes', 'system:node-proxier'],
});

/**
 * Has a row of a role of nodes in the ConfigMap `aws-auth`, or has it not. Other rows stay as they are; a list that can't be
 * read stays whole, for whoever wrote it to mend.
 */
export async function putNodeRole(cluster: Cluster, role: NodeRole, isWanted: boolean): Promise<void> {
  const writer = new Writer(cluster, 'aws-auth');
  const found = await cluster.objects.get(configMaps, named.namespace, named.name);
  const present = found?.object as AwsAuth | undefined;
  const changed = await changedRoles(present?.data?.mapRoles ?? '', role, isWanted);
  if (changed === undefined) return;
  if (present === undefined) {
    await writer.create(configMaps, named.namespace, {
      ...{ metadata: { name: named.name }, data: { mapRoles: changed } },
    });
    return;
  }
  // Else somebody changed it meanwhile, and it is looked at anew.
  await writer.change<AwsAuth>(configMaps, present, (now) => {
    if (now.data?.mapRoles !== present.data?.mapRoles) throw new Error('aws-auth was changed meanwhile');
    return { ...now, data: { ...now.data, mapRoles: changed } };
  });
}

/** Undefined: it is so already, or can't be read. */
async function changedRoles(
  text: string,
  { role, username, groups }: NodeRole,
  isWanted: boolean,
): Promise<string | undefined> {
  const rows = await rowsIn(text);
  if (rows === undefined) return undefined;
  const isOwn = (row: Json): boolean => isJsonObject(row) && textOf(row, 'rolearn') === role;
  if (isWanted) {
    if (rows.some(isOwn)) return undefined;
    return writeYaml([...rows, { rolearn: role, username, groups: [...groups] }]);
  }
  const left = rows.filter(
    (row) => !(isOwn(row) && isJsonObject(row) && textOf(row, 'username') === username),
  );
  return left.length === rows.length ? undefined : writeYaml(left);
}

async function rowsIn(text: string): Promise<readonly Json[] | undefined> {
  if (text.trim() === '') return [];
  try {
    const rows = await parseYaml(Buffer.from(text));
    return Array.isArray(rows) ? rows : undefined;
  } catch (error) {
    if (error instanceof ApiError) return undefined;
    throw error;
  }
}
