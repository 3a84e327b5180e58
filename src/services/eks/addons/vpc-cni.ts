import { parse } from 'yaml';
import type { Reader } from '../../../reconcile/index.ts';
import type { Scope } from '../arn.ts';
import { type AddonRecord, addonKey, addons } from './record.ts';

/** How the nodes of a cluster give their pods addresses, as the configuration of its add-on `vpc-cni` says. */
export interface VpcCniSettings {
  /** `ENABLE_POD_ENI`: nodes have a trunk interface, by which pods may have interfaces of their own. */
  readonly hasPodInterfaces: boolean;
  /**
   * `POD_SECURITY_GROUP_ENFORCING_MODE`. Strict: all that such a pod sends or is sent goes by its interface; standard: not what
   * stays on its node, or leaves the VPC.
   */
  readonly enforcingMode: 'standard' | 'strict';
  /** `ENABLE_PREFIX_DELEGATION`: what a node asks for for its pods are blocks of 16 addresses, where its type can have them. */
  readonly hasPrefixes: boolean;
  /** `enableNetworkPolicy`: NetworkPolicies are carried out. Other than on AWS they are unless somebody says that they are not. */
  readonly hasNetworkPolicies: boolean;
}

interface Configured {
  readonly enableNetworkPolicy?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Of a cluster whose add-on is not managed, or not configured: the defaults. */
export function vpcCniSettings(
  reader: Pick<Reader, 'get'>,
  scope: Scope,
  clusterName: string,
): VpcCniSettings {
  const addon = reader.get(addons, addonKey(scope, clusterName, 'vpc-cni'));
  return addon === undefined ? defaults : settingsOf(addon);
}

const settingsOf = ({ configurationValues = '' }: AddonRecord): VpcCniSettings => {
  // It was of the schema when it was taken.
  const { env = {}, enableNetworkPolicy }: Configured =
    configurationValues === '' ? {} : (parse(configurationValues) ?? {});
  return {
    hasPodInterfaces: env.ENABLE_POD_ENI === 'true',
    enforcingMode: env.POD_SECURITY_GROUP_ENFORCING_MODE === 'standard' ? 'standard' : 'strict',
    hasPrefixes: env.ENABLE_PREFIX_DELEGATION === 'true',
    hasNetworkPolicies: enableNetworkPolicy !== 'false',
  };
};

const defaults: VpcCniSettings = {
  ...{ hasPodInterfaces: false, enforcingMode: 'strict', hasPrefixes: false, hasNetworkPolicies: true },
};
