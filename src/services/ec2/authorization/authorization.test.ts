import * as sdk from '@aws-sdk/client-ec2';
import { expect } from 'vitest';
import { authorizationSuite, type Case } from '../../testing/authorization-suite.ts';
import { openGuarded, region } from '../../testing/guarded.ts';
import { ec2Operations } from '../operations.ts';
import { buildLists, listCases, listKeys } from '../prefix-lists/testing/cases.ts';
import { buildRoutes, routeCases, routeKeys } from '../route-tables/testing/cases.ts';
import { buildGroups, groupCases, groupKeys } from '../security-groups/testing/cases.ts';

const inRegion = { 'ec2:Region': region };
const any = { on: ['*'], keys: inRegion };

const cases: Readonly<Record<string, Case>> = {
  DescribeAvailabilityZones: { input: {}, ...any },
  DescribeRegions: { input: {}, ...any },
};

/**
 * Service Authorization Reference, "Actions defined by Amazon EC2", for the last of the resources that a case is on: what
 * AWS lists for resources that are not built, such as IPAM pools, is left out.
 */
const listedKeys: Readonly<Record<string, readonly string[]>> = {
  DescribeAvailabilityZones: ['ec2:Region'],
  DescribeRegions: ['ec2:Region'],
  ...groupKeys,
  ...routeKeys,
  ...listKeys,
};

authorizationSuite({
  ...{ prefix: 'ec2', sdk, listedKeys },
  casesIn: ({ groups, routes, lists }) => ({
    ...cases,
    ...groupCases(region, groups),
    ...routeCases(region, routes),
    ...listCases(region, lists),
  }),
  open: () =>
    openGuarded({
      signingName: 'ec2',
      loadSdk: () => import('@aws-sdk/client-ec2'),
      operations: (parts) => ec2Operations({ ...parts, publicCidr: '198.18.0.0/24' }),
      build: async (root, { state }) => ({
        groups: await buildGroups(root, state),
        routes: await buildRoutes(root, state),
        lists: await buildLists(root),
      }),
    }),
  client: (settings) => new sdk.EC2Client(settings),
  denied: { name: 'UnauthorizedOperation', status: 403, sentence },
});

/** Between EC2's opening and the details that it hands out sealed. */
function sentence(message: string): string {
  const [, told] =
    /^You are not authorized to perform this operation\. (.+)\. Encoded authorization failure message: [\w-]+$/.exec(
      message,
    ) ?? [];
  expect(told, message).toBeDefined();
  return told ?? '';
}
