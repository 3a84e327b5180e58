import type { Reader } from '../../../reconcile/index.ts';
import { routeTables, type SubnetRecord } from '../records.ts';
import { tableOfSubnet } from '../route-tables/table-of-subnet.ts';

/** Whether a subnet's route table leads to an internet gateway. */
export function isPublicSubnet(reader: Reader, { id, vpcId }: SubnetRecord): boolean {
  const tables = reader.byIndex(routeTables, 'vpc', vpcId).map(({ value }) => value);
  return tableOfSubnet(tables, id)?.routes.some(({ target }) => target.type === 'internet-gateway') ?? false;
}
