import type {
  DescribeInstanceTypeOfferingsCommandInput,
  DescribeInstanceTypeOfferingsResult,
  InstanceTypeOffering,
  LocationType,
} from '@aws-sdk/client-ec2';
import { ascending } from '../../pages.ts';
import type { Call } from '../../service.ts';
import { invalidValue, unsupported } from '../errors.ts';
import { type FilterTable, readFilters } from '../input/filters.ts';
import { pageOf } from '../input/pages.ts';
import { zoneId, zoneNames } from '../zones.ts';
import { allTypes } from './instance-types.ts';

const locationsIn = (region: string): Readonly<Partial<Record<LocationType, readonly string[]>>> => ({
  region: [region],
  'availability-zone': zoneNames(region),
  'availability-zone-id': zoneNames(region).map(zoneId),
});

/**
 * Where there are which instance types: everywhere all that there are.
 * @throws {Refusal} InvalidNextToken, InvalidParameterValue, UnsupportedOperation
 */
export function describeInstanceTypeOfferings(
  { LocationType: asked = 'region', Filters, ...pages }: DescribeInstanceTypeOfferingsCommandInput,
  { region }: Call,
): DescribeInstanceTypeOfferingsResult {
  if (asked === 'outpost') throw unsupported('Outposts (LocationType outpost) are');
  const locations = locationsIn(region)[asked];
  if (locations === undefined) throw invalidValue(asked, 'locationType', 'Unknown location type.');
  const isWanted = readFilters(Filters, filters);
  const found = allTypes()
    .flatMap(({ name }) =>
      locations.map(
        (Location) => ({ InstanceType: name, LocationType: asked, Location }) as InstanceTypeOffering,
      ),
    )
    .filter(isWanted)
    .toSorted((one, other) => ascending(idOf(one), idOf(other)));
  const { items, nextToken } = pageOf(found, idOf, pages);
  return { InstanceTypeOfferings: [...items], ...(nextToken !== undefined && { NextToken: nextToken }) };
}

const idOf = ({ InstanceType, Location }: InstanceTypeOffering): string => `${InstanceType} ${Location}`;

const filters: FilterTable<InstanceTypeOffering> = {
  'instance-type': ({ InstanceType }) => InstanceType,
  location: ({ Location }) => Location,
};
