import type { LabelSelector } from '../../../label-selector.ts';
import type { Collection } from '../../../reconcile/index.ts';
import type { Kept } from '../../controllers/objects.ts';

export const bindingsGroup = 'elbv2.k8s.aws';
export const bindingsPlural = 'targetgroupbindings';

/** A target group that somebody has made, to be filled from a Service. What users write is of the definition's schema. */
export interface TargetGroupBinding extends Kept {
  readonly spec: {
    readonly targetGroupARN?: string;
    readonly targetGroupName?: string;
    readonly targetType?: 'instance' | 'ip';
    readonly vpcID?: string;
    readonly serviceRef: { readonly name: string; readonly port: number | string };
    readonly nodeSelector?: LabelSelector;
    readonly networking?: { readonly ingress?: readonly IngressRule[] };
  };
  readonly status?: { readonly observedGeneration?: number };
}

/** Who is let in to targets, and where. */
export interface IngressRule {
  readonly from?: readonly {
    readonly ipBlock?: { readonly cidr: string };
    readonly securityGroup?: { readonly groupID: string };
  }[];
  /** None: all of TCP. */
  readonly ports?: readonly { readonly protocol?: 'TCP' | 'UDP'; readonly port?: number | string }[];
}

export const targetGroupBindings: Collection<TargetGroupBinding> = {
  ...{ service: 'kubernetes', noun: `${bindingsPlural}.${bindingsGroup}`, indexes: {} },
};
