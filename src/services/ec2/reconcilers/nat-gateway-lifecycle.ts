import { Refusal } from '../../../protocols/index.ts';
import {
  again,
  done,
  type Reconciler,
  type RecordKey,
  type Transaction,
  watching,
} from '../../../reconcile/index.ts';
import { forgetToken } from '../client-token.ts';
import type { Ec2Context } from '../context.ts';
import { ec2Refusal } from '../errors.ts';
import { newId } from '../ids.ts';
import { kinds } from '../kinds.ts';
import { known } from '../known.ts';
import { putSimpleInterface } from '../network-interfaces/new-interface.ts';
import { removeInterface } from '../network-interfaces/remove-interface.ts';
import {
  type AddressRecord,
  addresses,
  ec2Key,
  internetGateways,
  type NatGatewayRecord,
  natGateways,
  type Scope,
  type SubnetRecord,
  scopeOfKey,
} from '../records.ts';

/** How long one that has failed or been deleted is shown. */
const shownForMs = 60 * 60 * 1000;

/** Who its interface belongs to. */
const requesterId = 'amazon-aws';

/**
 * Gives a pending NAT gateway its interface and its address, or says why it can't be; takes both from one that is to be
 * deleted; and forgets it an hour later.
 */
export function natGatewayLifecycle(ec2: Ec2Context): Reconciler {
  const { state, clock } = ec2;
  return {
    name: 'nat-gateway-lifecycle',
    watches: [watching<NatGatewayRecord>(natGateways, ({ key }) => [key])],
    reconcile: async (workKey) => {
      const key = workKey as RecordKey;
      const gateway = state.get(natGateways, key);
      switch (gateway?.state) {
        case 'pending':
          await bringUp(ec2, key);
          return done;
        case 'deleting':
          await state.transact((tx) => takeDown(tx, key, clock.now()));
          return done;
        case 'failed':
        case 'deleted': {
          const restMs = (gateway.deletedAt ?? 0) + shownForMs - clock.now();
          if (restMs > 0) return again(restMs);
          await state.transact((tx) => forget(tx, key));
          return done;
        }
        case 'available':
        case undefined:
          return done;
      }
    },
  };
}

async function bringUp(ec2: Ec2Context, key: RecordKey): Promise<void> {
  const { state, clock } = ec2;
  try {
    await state.transact((tx) => {
      const gateway = tx.get(natGateways, key);
      if (gateway?.state === 'pending')
        tx.put(natGateways, key, available(tx, ec2, scopeOfKey(key), gateway));
    });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { code, message } = error;
    await state.transact((tx) => {
      const gateway = tx.get(natGateways, key);
      if (gateway?.state !== 'pending') return;
      tx.put(natGateways, key, {
        ...gateway,
        state: 'failed',
        failure: { code, message },
        deletedAt: clock.now(),
      });
    });
  }
}

/** @throws {Refusal} the failure, in the words of AWS (VPC user guide, "NAT gateway goes to a status of failed"). */
function available(
  tx: Transaction,
  ec2: Ec2Context,
  scope: Scope,
  gateway: NatGatewayRecord,
): NatGatewayRecord {
  const subnet = known(tx, kinds.subnet, scope, gateway.subnetId);
  if (subnet === undefined) throw ec2Refusal(kinds.subnet.notFound, kinds.subnet.missing(gateway.subnetId));
  requireInternetGateway(tx, scope, gateway.vpcId);
  const elastic = freeAddress(tx, scope, gateway);
  const { id: networkInterfaceId, privateIpv4 } = ownInterface(tx, ec2, scope, subnet, gateway);
  const associationId = newId(ec2.random, 'eipassoc');
  tx.put(addresses, ec2Key(addresses, scope, elastic.allocationId), {
    ...elastic,
    association: { id: associationId, networkInterfaceId, privateIpv4 },
  });
  return {
    ...gateway,
    state: 'available',
    ...{ networkInterfaceId, privateIpv4, associationId },
    publicIpv4: elastic.publicIpv4,
  };
}

function requireInternetGateway(tx: Transaction, scope: Scope, vpcId: string): void {
  const isAttached = tx
    .byIndex(internetGateways, 'vpc', vpcId)
    .some(({ value }) => known(tx, kinds.internetGateway, scope, value.id)?.vpcId === vpcId);
  if (!isAttached)
    throw ec2Refusal('Gateway.NotAttached', `Network ${vpcId} has no Internet gateway attached`);
}

function freeAddress(tx: Transaction, scope: Scope, { allocationId = '' }: NatGatewayRecord): AddressRecord {
  const elastic = known(tx, kinds.address, scope, allocationId);
  if (elastic === undefined) {
    throw ec2Refusal(
      kinds.address.notFound,
      `Elastic IP address ${allocationId} could not be associated with this NAT gateway`,
    );
  }
  if (elastic.association !== undefined) {
    throw ec2Refusal(
      'Resource.AlreadyAssociated',
      `Elastic IP address ${allocationId} is already associated`,
    );
  }
  return elastic;
}

/** Nobody's but the gateway's: without groups, and it forwards. */
function ownInterface(
  tx: Transaction,
  ec2: Ec2Context,
  scope: Scope,
  subnet: SubnetRecord,
  gateway: NatGatewayRecord,
): { readonly id: string; readonly privateIpv4: string } {
  const made = putSimpleInterface(
    tx,
    ec2,
    scope,
    subnet,
    {
      description: `Interface for NAT Gateway ${gateway.id}`,
      securityGroupIds: [],
      sourceDestCheck: false,
      interfaceType: 'natGateway',
      requesterId,
      attachment: {
        id: newId(ec2.random, 'ela-attach'),
        instanceOwnerId: requesterId,
        deviceIndex: 1,
        status: 'attached',
        attachedAt: ec2.clock.now(),
        deleteOnTermination: false,
      },
      tags: {},
    },
    gateway.privateIpv4,
  );
  const [privateIpv4] = made?.privateIpv4Addresses ?? [];
  if (made === undefined || privateIpv4 === undefined) {
    throw ec2Refusal(
      'InsufficientFreeAddressesInSubnet',
      'Subnet has insufficient free addresses to create this NAT gateway',
    );
  }
  return { id: made.id, privateIpv4 };
}

function takeDown(tx: Transaction, key: RecordKey, now: number): void {
  const gateway = tx.get(natGateways, key);
  if (gateway?.state !== 'deleting') return;
  const scope = scopeOfKey(key);
  const { networkInterfaceId, ...rest } = gateway;
  const own = networkInterfaceId && known(tx, kinds.networkInterface, scope, networkInterfaceId);
  if (own) removeInterface(tx, scope, own);
  tx.put(natGateways, key, { ...rest, state: 'deleted', deletedAt: now });
}

function forget(tx: Transaction, key: RecordKey): void {
  const gateway = tx.get(natGateways, key);
  if (gateway === undefined) return;
  forgetToken(tx, scopeOfKey(key), 'CreateNatGateway', gateway.clientToken);
  tx.delete(natGateways, key);
}
