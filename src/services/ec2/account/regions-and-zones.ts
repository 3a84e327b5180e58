import type {
  AvailabilityZone,
  DescribeAvailabilityZonesCommandInput,
  DescribeAvailabilityZonesResult,
  DescribeRegionsCommandInput,
  DescribeRegionsResult,
  Region,
} from '@aws-sdk/client-ec2';
import type { Call } from '../../service.ts';
import { invalidParameterValue, shown } from '../errors.ts';
import { type FilterTable, readFilters } from '../input/filters.ts';
import { knownRegions } from '../regions.ts';
import { zoneId, zoneNames } from '../zones.ts';

const zoneFilters: FilterTable<AvailabilityZone> = {
  'group-long-name': ({ GroupLongName }) => GroupLongName,
  'group-name': ({ GroupName }) => GroupName,
  message: ({ Messages = [] }) => Messages.map(({ Message }) => Message),
  'opt-in-status': ({ OptInStatus }) => OptInStatus,
  'parent-zone-id': ({ ParentZoneId }) => ParentZoneId,
  'parent-zone-name': ({ ParentZoneName }) => ParentZoneName,
  'region-name': ({ RegionName }) => RegionName,
  state: ({ State }) => State,
  'zone-id': ({ ZoneId }) => ZoneId,
  'zone-name': ({ ZoneName }) => ZoneName,
  'zone-type': ({ ZoneType }) => ZoneType,
};

/** Those of the region that the request is signed for. */
export function describeAvailabilityZones(
  { Filters, ZoneNames = [], ZoneIds = [] }: DescribeAvailabilityZonesCommandInput,
  { region }: Call,
): DescribeAvailabilityZonesResult {
  const isWanted = readFilters(Filters, zoneFilters);
  const zones = zoneNames(region).map((name) => zoneView(region, name));
  requireKnown(
    'availability zone',
    ZoneNames,
    zones.map(({ ZoneName = '' }) => ZoneName),
  );
  requireKnown(
    'availability zone',
    ZoneIds,
    zones.map(({ ZoneId = '' }) => ZoneId),
  );
  return {
    AvailabilityZones: zones.filter(
      (zone) =>
        (ZoneNames.length === 0 || ZoneNames.includes(zone.ZoneName ?? '')) &&
        (ZoneIds.length === 0 || ZoneIds.includes(zone.ZoneId ?? '')) &&
        isWanted(zone),
    ),
  };
}

function zoneView(region: string, name: string): AvailabilityZone {
  const longName = knownRegions[region] ?? region;
  return {
    ZoneName: name,
    ZoneId: zoneId(name),
    State: 'available',
    RegionName: region,
    GroupName: `${region}-zg-1`,
    GroupLongName: `${longName} 1`,
    NetworkBorderGroup: region,
    ZoneType: 'availability-zone',
    OptInStatus: 'opt-in-not-required',
    Messages: [],
  };
}

const regionFilters: FilterTable<Region> = {
  endpoint: ({ Endpoint }) => Endpoint,
  'opt-in-status': ({ OptInStatus }) => OptInStatus,
  'region-name': ({ RegionName }) => RegionName,
};

/** AWS's, and the one that the request is signed for: an installation serves any, with nothing to opt in to. */
export function describeRegions(
  { Filters, RegionNames = [] }: DescribeRegionsCommandInput,
  { region }: Call,
): DescribeRegionsResult {
  const isWanted = readFilters(Filters, regionFilters);
  const names = [...new Set([...Object.keys(knownRegions), region])].sort();
  requireKnown('region', RegionNames, names);
  return {
    Regions: (RegionNames.length === 0 ? names : names.filter((name) => RegionNames.includes(name)))
      .map((name) => ({
        RegionName: name,
        Endpoint: `ec2.${name}.amazonaws.com`,
        OptInStatus: 'opt-in-not-required',
      }))
      .filter(isWanted),
  };
}

function requireKnown(noun: string, asked: readonly string[], known: readonly string[]): void {
  const unknown = asked.find((name) => !known.includes(name));
  if (unknown !== undefined) throw invalidParameterValue(`Invalid ${noun}: [${shown(unknown)}]`);
}
