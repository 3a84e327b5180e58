import * as sdk from '@aws-sdk/client-ec2';
import { authorizationSuite } from '../../testing/authorization-suite.ts';
import { openGuarded, region } from '../../testing/guarded.ts';
import { buildInterfaces, interfaceCases, interfaceKeys } from '../network-interfaces/testing/cases.ts';
import { ec2Operations } from '../operations.ts';
import { buildLists, listCases, listKeys } from '../prefix-lists/testing/cases.ts';
import { buildRoutes, routeCases, routeKeys } from '../route-tables/testing/cases.ts';
import { buildGroups, groupCases, groupKeys } from '../security-groups/testing/cases.ts';
import { denied } from '../testing/denied.ts';
import { buildVpcs, vpcCases, vpcKeys, vpcWithout } from '../vpcs/testing/cases.ts';

/**
 * The cases of each topic stand with it. What AWS lists for resources that are not built, such as IPAM pools, is left
 * out of the listed keys (Service Authorization Reference, "Actions defined by Amazon EC2").
 */
authorizationSuite({
  ...{ prefix: 'ec2', sdk, denied },
  listedKeys: { ...groupKeys, ...routeKeys, ...listKeys, ...vpcKeys, ...interfaceKeys },
  without: vpcWithout,
  casesIn: ({ groups, routes, lists, vpcs, interfaces }) => ({
    ...groupCases(region, groups),
    ...routeCases(region, routes),
    ...listCases(region, lists),
    ...vpcCases(vpcs),
    ...interfaceCases(region, interfaces),
  }),
  open: () =>
    openGuarded({
      signingName: 'ec2',
      loadSdk: () => import('@aws-sdk/client-ec2'),
      operations: (parts) => ec2Operations({ ...parts, publicCidr: '198.18.0.0/24' }),
      build: async (root, server) => ({
        // First: it has a default VPC of its own.
        groups: await buildGroups(root, server.state),
        routes: await buildRoutes(root, server.state),
        lists: await buildLists(root),
        vpcs: await buildVpcs(root),
        interfaces: await buildInterfaces(root, server),
      }),
    }),
  client: (settings) => new sdk.EC2Client(settings),
});
