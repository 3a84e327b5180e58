import { profileLabel } from '../../../services/eks/index.ts';
import { type Draft, ensured, itemsOf } from '../../kinds/kind.ts';
import { memberOf } from '../../objects/object.ts';
import { fargateGroups, podEni, resourceController } from '../../pod-interfaces/names.ts';
import { resourceNamed } from '../../schema/catalogue.ts';
import { ApiError } from '../status.ts';
import type { Plugin, Proposed } from './attributes.ts';

/** The security groups that are asked for for a pod by its namespace's SecurityGroupPolicies; none: it has its node's. */
export type SecurityGroupsOf = (pod: {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly serviceAccount: string;
}) => readonly string[];

const pods = resourceNamed('', 'pods');
/** "Security groups per network interface" (Amazon VPC quotas). */
const mostGroups = 5;

/**
 * What the webhooks of the Amazon VPC resource controller do: a new pod that a SecurityGroupPolicy selects asks its node for an interface
 * of its own, one on Fargate is told its groups; and nobody else tells a pod which interface it has.
 */
export function securityGroups({
  securityGroupsOf,
}: {
  readonly securityGroupsOf: SecurityGroupsOf;
}): Plugin {
  return {
    name: 'mpod.vpc.k8s.aws',
    handles: ({ operation, resource, subresource }) =>
      (operation === 'CREATE' || operation === 'UPDATE') && resource === pods && subresource === undefined,
    mutate: ({ operation, draft, namespace = '' }) => {
      if (operation !== 'CREATE' || draft === undefined) return undefined;
      const spec = ensured(draft, 'spec');
      if (spec.hostNetwork === true) return undefined;
      const labels = Object.entries(draft.metadata.labels ?? {}).map(([key, value]) => [key, String(value)]);
      const serviceAccount = String(spec.serviceAccountName ?? 'default');
      const groups = securityGroupsOf({ namespace, labels: Object.fromEntries(labels), serviceAccount });
      if (memberOf(draft.metadata as never, 'labels')[profileLabel] !== undefined) tellGroups(draft, groups);
      else if (groups.length > mostGroups)
        throw denied('mpod.vpc.k8s.aws', 'Exceed security group quota, rejecting event');
      else if (groups.length > 0) askForInterface(spec);
      return undefined;
    },
    validate: (attributes) => {
      checkAnnotations(attributes);
      return undefined;
    },
  };
}

function tellGroups(draft: Draft, groups: readonly string[]): void {
  const annotations = ensured(draft.metadata, 'annotations');
  delete annotations[fargateGroups];
  if (groups.length > 0) annotations[fargateGroups] = groups.join(',');
  if (Object.keys(annotations).length === 0) delete draft.metadata.annotations;
}

function askForInterface(spec: Record<string, unknown>): void {
  const [first] = itemsOf(spec, 'containers');
  if (first === undefined) return;
  const resources = ensured(first, 'resources');
  for (const list of ['limits', 'requests']) ensured(resources, list)[podEni] = '1';
}

function checkAnnotations({ operation, object, before, by }: Proposed): void {
  const said = (of: Proposed['object'], name: string): unknown =>
    (of?.metadata.annotations as Readonly<Record<string, unknown>> | undefined)?.[name];
  const refuse = (why: string): never => {
    throw denied('vpod.vpc.k8s.aws', why);
  };
  if (operation === 'CREATE') {
    if (said(object, podEni) !== undefined) refuse(`pod cannot be created with ${podEni} annotation`);
    return;
  }
  if (said(object, fargateGroups) !== said(before, fargateGroups))
    refuse('annotation is not set by mutating webhook');
  const isController = by.user.username === `system:serviceaccount:kube-system:${resourceController}`;
  if (said(object, podEni) !== said(before, podEni) && !isController)
    refuse('annotation is not set by vpc-resource-controller');
}

const denied = (webhook: string, why: string): ApiError =>
  new ApiError(403, 'Forbidden', `admission webhook ${JSON.stringify(webhook)} denied the request: ${why}`);
