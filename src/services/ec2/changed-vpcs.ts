import type { Collection, Reader, RecordChange, RecordKey, State } from '../../reconcile/index.ts';
import {
  type AddressRecord,
  addresses,
  ec2Key,
  internetGateways,
  natGateways,
  networkInterfaces,
  type PrefixListRecord,
  prefixLists,
  routeTables,
  type Scope,
  scopeOfKey,
  securityGroups,
  subnets,
  vpcs,
} from './records.ts';

/** Tells of each commit which VPCs it may have changed, by the keys of their records. */
export function onVpcsChanged(state: State, changed: (vpcKey: RecordKey) => void): Disposable {
  const subscriptions = new DisposableStack();
  const tell = (scope: Scope, vpcIds: Iterable<string | undefined>): void => {
    for (const vpcId of new Set(vpcIds)) if (vpcId !== undefined) changed(ec2Key(vpcs, scope, vpcId));
  };
  const follow = <T extends object>(
    collection: Collection<T, string>,
    vpcsOf: (record: T, scope: Scope) => readonly (string | undefined)[],
  ): void => {
    subscriptions.use(
      state.subscribe(collection, ({ key, before, after }: RecordChange<T>) => {
        const scope = scopeOfKey(key);
        tell(
          scope,
          [before, after].flatMap((record) => (record ? vpcsOf(record, scope) : [])),
        );
      }),
    );
  };
  follow(vpcs, ({ id }) => [id]);
  for (const collection of [subnets, routeTables, securityGroups, networkInterfaces, natGateways])
    follow(collection as Collection<{ readonly vpcId: string }>, ({ vpcId }) => [vpcId]);
  follow(internetGateways, ({ vpcId }) => [vpcId]);
  follow(addresses, (address, scope) => [vpcOfAddress(state, scope, address)]);
  follow(prefixLists, (list) => vpcsWith(state, list));
  return subscriptions;
}

function vpcOfAddress(reader: Reader, scope: Scope, { association }: AddressRecord): string | undefined {
  if (association === undefined) return undefined;
  const key = ec2Key(networkInterfaces, scope, association.networkInterfaceId);
  return reader.get(networkInterfaces, key)?.vpcId;
}

/** Those whose groups or routes name the list. */
function vpcsWith(reader: Reader, { id }: PrefixListRecord): readonly string[] {
  return [
    ...reader.byIndex(securityGroups, 'prefixList', id).map(({ value }) => value.vpcId),
    ...reader.byIndex(routeTables, 'prefixList', id).map(({ value }) => value.vpcId),
  ];
}
