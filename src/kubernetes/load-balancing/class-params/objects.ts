import type { LabelSelector } from '../../../label-selector.ts';
import type { Collection } from '../../../reconcile/index.ts';
import type { Kept } from '../../controllers/objects.ts';

export const paramsGroup = 'elbv2.k8s.aws';
export const paramsKind = 'IngressClassParams';
export const paramsPlural = 'ingressclassparams';

interface Pair {
  readonly key: string;
  readonly value: string;
}

/** What all Ingresses of a class have in common. What users write is of the definition's schema. */
export interface IngressClassParams extends Kept {
  readonly spec?: {
    readonly namespaceSelector?: LabelSelector;
    readonly group?: { readonly name: string };
    readonly scheme?: string;
    readonly ipAddressType?: string;
    readonly inboundCIDRs?: readonly string[];
    readonly certificateArn?: readonly string[];
    readonly sslPolicy?: string;
    readonly subnets?: { readonly ids?: readonly string[] };
    readonly tags?: readonly Pair[];
    readonly loadBalancerAttributes?: readonly Pair[];
    readonly PrefixListsIDs?: readonly string[];
    readonly prefixListsIDs?: readonly string[];
  };
}

export const ingressClassParams: Collection<IngressClassParams> = {
  ...{ service: 'kubernetes', noun: `${paramsPlural}.${paramsGroup}`, indexes: {} },
};
