import type {
  DeleteNatGatewayCommandInput,
  DeleteNatGatewayResult,
  DescribeNatGatewaysCommandInput,
  DescribeNatGatewaysResult,
  EC2,
} from '@aws-sdk/client-ec2';
import type { Call, OperationsOf } from '../../service.ts';
import { ec2Authorization } from '../authorization/rows.ts';
import type { Ec2Context } from '../context.ts';
import { requireRecord } from '../ids.ts';
import { describeRecords } from '../input/describe.ts';
import type { FilterTable } from '../input/filters.ts';
import { kinds } from '../kinds.ts';
import { ec2Key, type NatGatewayRecord, natGateways } from '../records.ts';
import { createNatGateway } from './create-nat-gateway.ts';
import { natGatewayView } from './nat-gateway-view.ts';

type NatGatewayOperation = 'CreateNatGateway' | 'DeleteNatGateway' | 'DescribeNatGateways';

export function natGatewayOperations(ec2: Ec2Context): Pick<OperationsOf<EC2>, NatGatewayOperation> {
  const may = ec2Authorization(ec2.state);
  return {
    CreateNatGateway: {
      action: 'ec2:CreateNatGateway',
      ...may.creating('CreateNatGateway', 'natgateway', ({ AllocationId, SubnetId }) => [
        ['elastic-ip', AllocationId],
        ['subnet', SubnetId],
      ]),
      run: (input, call) => createNatGateway(ec2, input, call),
    },
    DeleteNatGateway: {
      action: 'ec2:DeleteNatGateway',
      ...may.on<DeleteNatGatewayCommandInput>(({ NatGatewayId }) => [['natgateway', NatGatewayId]]),
      run: (input, call) => deleteNatGateway(ec2, input, call),
    },
    DescribeNatGateways: {
      action: 'ec2:DescribeNatGateways',
      ...may.everything,
      run: (input, call) => describeNatGateways(ec2, input, call),
    },
  };
}

const natGatewayFilters: FilterTable<NatGatewayRecord> = {
  'nat-gateway-id': ({ id }) => id,
  state: ({ state }) => state,
  'subnet-id': ({ subnetId }) => subnetId,
  'vpc-id': ({ vpcId }) => vpcId,
};

/** Also those that have failed or been deleted, for an hour. */
function describeNatGateways(
  { state }: Ec2Context,
  { Filter, NatGatewayIds, ...page }: DescribeNatGatewaysCommandInput,
  call: Call,
): DescribeNatGatewaysResult {
  const { items, nextToken } = describeRecords(
    state,
    call,
    kinds.natGateway,
    natGatewayFilters,
    { ids: NatGatewayIds, name: 'natGatewayIds', parameter: 'NatGatewayId' },
    { ...page, ...(Filter !== undefined && { Filters: Filter }) },
  );
  return {
    NatGateways: items.map(natGatewayView),
    ...(nextToken !== undefined && { NextToken: nextToken }),
  };
}

/** Its Elastic IP address stays allocated, routes to it become black holes. One that is gone already stays so. */
async function deleteNatGateway(
  { state }: Ec2Context,
  { NatGatewayId }: DeleteNatGatewayCommandInput,
  call: Call,
): Promise<DeleteNatGatewayResult> {
  return state.transact((tx) => {
    const gateway = requireRecord(tx, call, kinds.natGateway, NatGatewayId, 'NatGatewayId');
    if (gateway.state !== 'deleted')
      tx.put(natGateways, ec2Key(natGateways, call, gateway.id), { ...gateway, state: 'deleting' });
    return { NatGatewayId: gateway.id };
  });
}
