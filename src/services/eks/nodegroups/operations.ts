import type { CreateNodegroupCommandInput, EKS } from '@aws-sdk/client-eks';
import type { Reader } from '../../../reconcile/index.ts';
import { type Asks, authorizationOf, passRoles } from '../../authorization-row.ts';
import type { Call, OperationsOf } from '../../service.ts';
import { nodegroupArn } from '../arn.ts';
import { arnOfNamed, eksAuthorization, inCluster, onThing, requestTags } from '../authorization.ts';
import type { EksContext } from '../context.ts';
import { createNodegroup, deleteNodegroup, describeNodegroup, listNodegroups } from './nodegroup.ts';
import { nodegroupKey, nodegroups } from './record.ts';
import { updateNodegroupConfig } from './update-config.ts';
import { updateNodegroupVersion } from './update-version.ts';

interface OnNodegroup {
  readonly clusterName?: string | undefined;
  readonly nodegroupName?: string | undefined;
}

const arnOf =
  (reader: Reader) =>
  ({ clusterName, nodegroupName: name }: OnNodegroup, call: Call): string =>
    arnOfNamed(
      { clusterName, name },
      (...names) => reader.get(nodegroups, nodegroupKey(call, ...names))?.id,
      (named) => nodegroupArn(call, named),
    );

const passesRole: Asks<{ readonly nodeRole?: string | undefined }> = ({ nodeRole }, call) =>
  passRoles([nodeRole], 'ec2.amazonaws.com', call);

export function nodegroupOperations(context: EksContext) {
  const { state } = context;
  const { inCluster: ofCluster } = eksAuthorization(state);
  const nodegroup = authorizationOf<OnNodegroup>(onThing(state, arnOf(state)));
  return {
    CreateNodegroup: {
      action: 'eks:CreateNodegroup',
      ...authorizationOf<CreateNodegroupCommandInput>({
        ...inCluster<CreateNodegroupCommandInput>(state, requestTags),
        asks: [passesRole],
      }),
      run: (input, call) => createNodegroup(context, input, call),
    },
    DeleteNodegroup: {
      action: 'eks:DeleteNodegroup',
      ...nodegroup,
      run: (input, call) => deleteNodegroup(context, input, call),
    },
    DescribeNodegroup: {
      action: 'eks:DescribeNodegroup',
      ...nodegroup,
      run: (input, call) => describeNodegroup(context, input, call),
    },
    ListNodegroups: {
      action: 'eks:ListNodegroups',
      ...ofCluster,
      run: (input, call) => listNodegroups(context, input, call),
    },
    UpdateNodegroupConfig: {
      action: 'eks:UpdateNodegroupConfig',
      ...nodegroup,
      run: (input, call) => updateNodegroupConfig(context, input, call),
    },
    UpdateNodegroupVersion: {
      action: 'eks:UpdateNodegroupVersion',
      ...nodegroup,
      run: (input, call) => updateNodegroupVersion(context, input, call),
    },
  } satisfies Partial<OperationsOf<EKS>>;
}
