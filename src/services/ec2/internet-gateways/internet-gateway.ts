import type {
  AttachInternetGatewayCommandInput,
  CreateInternetGatewayCommandInput,
  CreateInternetGatewayResult,
  DeleteInternetGatewayCommandInput,
  DescribeInternetGatewaysCommandInput,
  DescribeInternetGatewaysResult,
  DetachInternetGatewayCommandInput,
  InternetGateway,
} from '@aws-sdk/client-ec2';
import type { Transaction } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import type { Ec2Context } from '../context.ts';
import {
  dependencyViolation,
  ec2Refusal,
  hasDependencies,
  invalidParameterValue,
  limitReached,
} from '../errors.ts';
import { newId, requireRecord } from '../ids.ts';
import { describeRecords } from '../input/describe.ts';
import type { FilterTable } from '../input/filters.ts';
import { readTagSpecifications, tagList } from '../input/tags.ts';
import { kinds } from '../kinds.ts';
import {
  addresses,
  ec2Key,
  ec2Prefix,
  type InternetGatewayRecord,
  internetGateways,
  networkInterfaces,
  type Scope,
} from '../records.ts';

/** Of a region: as many as VPCs (VPC user guide, "Amazon VPC quotas"). */
const maxGateways = 5;

/** @throws {Refusal} InternetGatewayLimitExceeded, InvalidParameterValue */
export async function createInternetGateway(
  { state, random }: Ec2Context,
  { TagSpecifications }: CreateInternetGatewayCommandInput,
  call: Call,
): Promise<CreateInternetGatewayResult> {
  const tags = readTagSpecifications(TagSpecifications, 'internet-gateway');
  const gateway = await state.transact((tx) => {
    if (gatewaysOf(tx, call).length >= maxGateways) {
      throw limitReached('InternetGatewayLimitExceeded', 'internet gateways');
    }
    const made: InternetGatewayRecord = { id: newId(random, 'igw'), tags };
    tx.put(internetGateways, ec2Key(internetGateways, call, made.id), made);
    return made;
  });
  return { InternetGateway: gatewayView(call, gateway) };
}

/**
 * @throws {Refusal} InvalidInternetGatewayID.NotFound, InvalidVpcID.NotFound; Resource.AlreadyAssociated: the gateway is
 * attached; InvalidParameterValue: the VPC has another
 */
export async function attachInternetGateway(
  { state }: Ec2Context,
  { InternetGatewayId, VpcId }: AttachInternetGatewayCommandInput,
  call: Call,
): Promise<object> {
  await state.transact((tx) => {
    const gateway = requireRecord(tx, call, kinds.internetGateway, InternetGatewayId, 'InternetGatewayId');
    const vpc = requireRecord(tx, call, kinds.vpc, VpcId, 'VpcId');
    if (gateway.vpcId !== undefined) {
      throw ec2Refusal(
        'Resource.AlreadyAssociated',
        `resource ${gateway.id} is already attached to network ${gateway.vpcId}`,
      );
    }
    if (gatewaysOf(tx, call).some(({ vpcId }) => vpcId === vpc.id)) {
      throw invalidParameterValue(`Network ${vpc.id} already has an internet gateway attached`);
    }
    tx.put(internetGateways, ec2Key(internetGateways, call, gateway.id), { ...gateway, vpcId: vpc.id });
  });
  return {};
}

/**
 * Routes to it become blackholes.
 * @throws {Refusal} InvalidInternetGatewayID.NotFound, InvalidVpcID.NotFound, Gateway.NotAttached; DependencyViolation:
 * public addresses are mapped in the VPC
 */
export async function detachInternetGateway(
  { state }: Ec2Context,
  { InternetGatewayId, VpcId }: DetachInternetGatewayCommandInput,
  call: Call,
): Promise<object> {
  await state.transact((tx) => {
    const gateway = requireRecord(tx, call, kinds.internetGateway, InternetGatewayId, 'InternetGatewayId');
    const vpc = requireRecord(tx, call, kinds.vpc, VpcId, 'VpcId');
    if (gateway.vpcId !== vpc.id) {
      throw ec2Refusal('Gateway.NotAttached', `resource ${gateway.id} is not attached to network ${vpc.id}`);
    }
    if (hasPublicAddresses(tx, call, vpc.id)) {
      throw dependencyViolation(
        `Network ${vpc.id} has some mapped public address(es). ` +
          'Please unmap those public address(es) before detaching the gateway.',
      );
    }
    const { vpcId: _, ...detached } = gateway;
    tx.put(internetGateways, ec2Key(internetGateways, call, gateway.id), detached);
  });
  return {};
}

/** @throws {Refusal} InvalidInternetGatewayID.NotFound; DependencyViolation: it is attached */
export async function deleteInternetGateway(
  { state }: Ec2Context,
  { InternetGatewayId }: DeleteInternetGatewayCommandInput,
  call: Call,
): Promise<object> {
  await state.transact((tx) => {
    const gateway = requireRecord(tx, call, kinds.internetGateway, InternetGatewayId, 'InternetGatewayId');
    if (gateway.vpcId !== undefined) throw hasDependencies('internetGateway', gateway.id);
    tx.delete(internetGateways, ec2Key(internetGateways, call, gateway.id));
  });
  return {};
}

/** @throws {Refusal} InvalidInternetGatewayID.NotFound, InvalidParameterValue and the like. */
export function describeInternetGateways(
  { state }: Ec2Context,
  input: DescribeInternetGatewaysCommandInput,
  call: Call,
): DescribeInternetGatewaysResult {
  const filters: FilterTable<InternetGatewayRecord> = {
    'attachment.state': ({ vpcId }) => (vpcId === undefined ? undefined : attachedState),
    'attachment.vpc-id': ({ vpcId }) => vpcId,
    'internet-gateway-id': ({ id }) => id,
    'owner-id': () => call.accountId,
  };
  const { items, nextToken } = describeRecords(
    state,
    call,
    kinds.internetGateway,
    filters,
    { ids: input.InternetGatewayIds, name: 'internetGatewayIds', parameter: 'InternetGatewayId' },
    input,
  );
  return {
    InternetGateways: items.map((gateway) => gatewayView(call, gateway)),
    ...(nextToken !== undefined && { NextToken: nextToken }),
  };
}

/** What EC2 says of gateways that are attached; the SDK's model knows other words alone. */
const attachedState = 'available';

function gatewayView({ accountId }: Scope, { id, vpcId, tags }: InternetGatewayRecord): InternetGateway {
  return {
    InternetGatewayId: id,
    OwnerId: accountId,
    Attachments: vpcId === undefined ? [] : [{ VpcId: vpcId, State: attachedState as 'attached' }],
    Tags: tagList(tags),
  };
}

/** Read one by one, so that of two who attach gateways to one VPC one loses the race. */
function gatewaysOf(tx: Transaction, scope: Scope): readonly InternetGatewayRecord[] {
  return [...tx.list(internetGateways, ec2Prefix(internetGateways, scope))].flatMap(
    ({ key }) => tx.get(internetGateways, key) ?? [],
  );
}

/** Those of interfaces' own, and Elastic ones that are associated. */
function hasPublicAddresses(tx: Transaction, scope: Scope, vpcId: string): boolean {
  const elastic = new Set(
    [...tx.list(addresses, ec2Prefix(addresses, scope))].map(
      ({ key }) => tx.get(addresses, key)?.association?.networkInterfaceId,
    ),
  );
  return tx
    .byIndex(networkInterfaces, 'vpc', vpcId)
    .flatMap(({ key }) => tx.get(networkInterfaces, key) ?? [])
    .some(({ id, autoAssignedPublicIpv4 }) => autoAssignedPublicIpv4 !== undefined || elastic.has(id));
}
