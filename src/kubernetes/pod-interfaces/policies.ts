import { type LabelSelector, type Labels, selects } from '../../label-selector.ts';
import type { Collection, Reader, RecordKey } from '../../reconcile/index.ts';
import type { Kept } from '../controllers/objects.ts';
import type { ClusterPlace } from '../objects/object-records.ts';
import { recordsPrefix } from '../objects/object-records.ts';
import { resourcesGroup } from './names.ts';

/** As far as it is read here; what users write is of the definition's schema. */
interface SecurityGroupPolicy extends Kept {
  readonly spec?: {
    readonly podSelector?: LabelSelector;
    readonly serviceAccountSelector?: LabelSelector;
    readonly securityGroups?: { readonly groupIds?: readonly string[] };
  };
}

const policies: Collection<SecurityGroupPolicy> = {
  ...{ service: 'kubernetes', noun: `securitygrouppolicies.${resourcesGroup}`, indexes: {} },
};
const serviceAccounts: Collection<Kept> = { service: 'kubernetes', noun: 'serviceaccounts', indexes: {} };

/** What of a pod its security groups follow from. */
export interface SelectedPod {
  readonly namespace: string;
  readonly labels: Labels;
  readonly serviceAccount: string;
}

/** The groups of all policies of its namespace that select a pod, each once; none: it has those of its node. */
export function securityGroupsOf(
  reader: Pick<Reader, 'get' | 'list'>,
  place: ClusterPlace,
  pod: SelectedPod,
): readonly string[] {
  const { namespace, serviceAccount } = pod;
  const found = [...reader.list(policies, recordsPrefix(policies.noun, place, namespace))].map(
    ({ value }) => value,
  );
  if (found.length === 0) return [];
  const accounts = recordsPrefix(serviceAccounts.noun, place, namespace);
  const account = reader.get(serviceAccounts, (accounts + encodeURIComponent(serviceAccount)) as RecordKey);
  const accountLabels = account?.metadata.labels;
  return [...new Set(found.filter((it) => isSelected(it, pod.labels, accountLabels)).flatMap(groupIdsOf))];
}

const groupIdsOf = ({ spec }: SecurityGroupPolicy): readonly string[] => spec?.securityGroups?.groupIds ?? [];

/** By each of the selectors that a policy has; one without any selects nobody. */
function isSelected({ spec = {} }: SecurityGroupPolicy, pod: Labels, account: Labels | undefined): boolean {
  const { podSelector, serviceAccountSelector } = spec;
  if (podSelector === undefined && serviceAccountSelector === undefined) return false;
  return (
    (podSelector === undefined || selects(podSelector)(pod)) &&
    (serviceAccountSelector === undefined || selects(serviceAccountSelector)(account))
  );
}
