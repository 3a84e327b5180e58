import { cidrBlock, holdsBlock } from '../../../topology/index.ts';
import type { RouteRecord, RouteTableRecord } from '../records.ts';

/** All of a table's routes, those within the VPC first. A route that replaces a local one stands in its place. */
export function routesOf(
  { routes }: Pick<RouteTableRecord, 'routes'>,
  cidrs: readonly string[],
): readonly (RouteRecord & { readonly isOwn: boolean })[] {
  const replacing = new Map(routes.map((route) => [route.destination, route]));
  const local: RouteRecord['target'] = { type: 'local' };
  return [
    ...cidrs.map((destination) => ({
      ...{ destination, target: replacing.get(destination)?.target ?? local, isOwn: false },
    })),
    ...routes
      .filter(({ destination }) => !cidrs.includes(destination))
      .map((route) => ({ ...route, isOwn: true })),
  ];
}

/** The block of a VPC's that a destination is or lies in; undefined: it is outside of the VPC. */
export function ownBlockOf(destination: string, cidrs: readonly string[]): string | undefined {
  return cidrs.find((cidr) => holdsBlock(cidrBlock(cidr), cidrBlock(destination)));
}
