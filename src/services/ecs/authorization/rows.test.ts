import * as sdk from '@aws-sdk/client-ecs';
import { authorizationSuite } from '../../testing/authorization-suite.ts';
import { casesIn } from './testing/cases.ts';
import { openHarbor } from './testing/harbor.ts';
import { listedKeys, without } from './testing/listed-keys.ts';

authorizationSuite({
  ...{ prefix: 'ecs', sdk, open: openHarbor, casesIn, listedKeys, without },
  client: (settings) => new sdk.ECSClient(settings),
  denied: { name: 'AccessDeniedException', status: 403 },
});
