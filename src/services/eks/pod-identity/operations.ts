import type {
  CreatePodIdentityAssociationCommandInput,
  EKS,
  UpdatePodIdentityAssociationCommandInput,
} from '@aws-sdk/client-eks';
import { type Asks, authorizationOf, passRoles } from '../../authorization-row.ts';
import type { Call, OperationsOf } from '../../service.ts';
import { podIdentityArn } from '../arn.ts';
import { eksAuthorization, inCluster, onThing, requestTags } from '../authorization.ts';
import type { EksContext } from '../context.ts';
import {
  createPodIdentityAssociation,
  deletePodIdentityAssociation,
  describePodIdentityAssociation,
  listPodIdentityAssociations,
  updatePodIdentityAssociation,
} from './association.ts';

interface OnAssociation {
  readonly clusterName?: string | undefined;
  readonly associationId?: string | undefined;
}

const arnOf = ({ clusterName = '*', associationId = '*' }: OnAssociation, call: Call): string =>
  podIdentityArn(call, { clusterName, id: associationId });

const passesRole: Asks<{ readonly roleArn?: string | undefined }> = ({ roleArn }, call) =>
  passRoles([roleArn], 'pods.eks.amazonaws.com', call);

export function podIdentityOperations(context: EksContext) {
  const { state } = context;
  const { inCluster: ofCluster } = eksAuthorization(state);
  const association = authorizationOf<OnAssociation>(onThing(state, arnOf));
  return {
    CreatePodIdentityAssociation: {
      action: 'eks:CreatePodIdentityAssociation',
      ...authorizationOf<CreatePodIdentityAssociationCommandInput>({
        ...inCluster<CreatePodIdentityAssociationCommandInput>(state, requestTags),
        asks: [passesRole],
      }),
      run: (input, call) => createPodIdentityAssociation(context, input, call),
    },
    DeletePodIdentityAssociation: {
      action: 'eks:DeletePodIdentityAssociation',
      ...association,
      run: (input, call) => deletePodIdentityAssociation(context, input, call),
    },
    DescribePodIdentityAssociation: {
      action: 'eks:DescribePodIdentityAssociation',
      ...association,
      run: (input, call) => describePodIdentityAssociation(context, input, call),
    },
    ListPodIdentityAssociations: {
      action: 'eks:ListPodIdentityAssociations',
      ...ofCluster,
      run: (input, call) => listPodIdentityAssociations(context, input, call),
    },
    UpdatePodIdentityAssociation: {
      action: 'eks:UpdatePodIdentityAssociation',
      ...authorizationOf<UpdatePodIdentityAssociationCommandInput>({
        ...onThing(state, arnOf),
        asks: [passesRole],
      }),
      run: (input, call) => updatePodIdentityAssociation(context, input, call),
    },
  } satisfies Partial<OperationsOf<EKS>>;
}
