import type { Reader } from '../../../reconcile/index.ts';
import { defaultGroupId } from '../network-interfaces/new-interface.ts';
import { type Scope, subnets, vpcs } from '../records.ts';

/** The default VPC of an account and region, as an operator is told of it. */
export interface DefaultVpc {
  readonly vpcId: string;
  readonly cidr: string;
  /** Its default security group. */
  readonly securityGroupId: string;
  /** The default one of each zone, in the order of the zones. */
  readonly subnets: readonly {
    readonly subnetId: string;
    readonly cidr: string;
    readonly availabilityZone: string;
  }[];
}

/** Undefined when it was deleted. */
export function defaultVpc(reader: Reader, scope: Scope): DefaultVpc | undefined {
  const { accountId, region } = scope;
  const found = reader.byIndex(vpcs, 'scope', `${accountId}/${region}`).find(({ value }) => value.isDefault);
  if (found === undefined) return undefined;
  const { id, cidrs } = found.value;
  return {
    vpcId: id,
    cidr: cidrs[0]?.cidr ?? '',
    securityGroupId: defaultGroupId(reader, scope, id),
    subnets: reader
      .byIndex(subnets, 'vpc', id)
      .filter(({ value }) => value.isDefaultForAz)
      .map(({ value: { id: subnetId, cidr, availabilityZone } }) => ({ subnetId, cidr, availabilityZone }))
      .sort((one, other) => (one.availabilityZone < other.availabilityZone ? -1 : 1)),
  };
}
