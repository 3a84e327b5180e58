import type { EKS } from '@aws-sdk/client-eks';
import type { OperationsOf } from '../service.ts';
import { absentOperations } from './absent/operations.ts';
import { accessEntryOperations } from './access-entries/operations.ts';
import { addonOperations } from './addons/operations.ts';
import { certificateAuthorityOperations } from './certificate-authorities/operations.ts';
import { clusterOperations } from './clusters/operations.ts';
import type { EksContext } from './context.ts';
import { fargateOperations } from './fargate/operations.ts';
import { identityProviderOperations } from './identity-providers/operations.ts';
import { insightOperations } from './insights/operations.ts';
import { nodegroupOperations } from './nodegroups/operations.ts';
import { podIdentityOperations } from './pod-identity/operations.ts';
import { refusedOperations } from './refused.ts';
import { tagOperations } from './tags/operations.ts';
import { updateOperations } from './updates/operations.ts';

/** Every operation of EKS: one partial table for each topic. */
export function eksOperations(context: EksContext): OperationsOf<EKS> {
  return {
    ...clusterOperations(context),
    ...updateOperations(context),
    ...accessEntryOperations(context),
    ...nodegroupOperations(context),
    ...addonOperations(context),
    ...fargateOperations(context),
    ...insightOperations(context),
    ...podIdentityOperations(context),
    ...identityProviderOperations(context),
    ...certificateAuthorityOperations(context),
    ...tagOperations(context),
    ...absentOperations(context),
    ...refusedOperations,
  };
}
