import type { RouteTableRecord } from '../records.ts';

/** The one that is associated with the subnet, else the VPC's main one. */
export function tableOfSubnet(
  tables: readonly RouteTableRecord[],
  subnetId: string,
): RouteTableRecord | undefined {
  const isOf = (wanted: string | undefined) => (table: RouteTableRecord) =>
    table.associations.some((association) => association.subnetId === wanted);
  return tables.find(isOf(subnetId)) ?? tables.find(isOf(undefined));
}
