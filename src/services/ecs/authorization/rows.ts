import type { ECS } from '@aws-sdk/client-ecs';
import type { Reader } from '../../../reconcile/index.ts';
import type { Rows } from '../../authorization-row.ts';
import { capacityRows } from './capacity-rows.ts';
import { daemonRows } from './daemon-rows.ts';
import { gatewayRows } from './gateway-rows.ts';
import { serviceRows } from './service-rows.ts';
import { taskRows } from './task-rows.ts';

/**
 * What each operation of ECS is authorised on and with: the tables of the Service Authorization Reference, "Actions,
 * resources, and condition keys for Amazon Elastic Container Service". The action is the operation's own name.
 */
export function ecsRows(reader: Reader): Rows<ECS, Supported> {
  return {
    ...capacityRows(reader),
    ...daemonRows(reader),
    ...gatewayRows(reader),
    ...serviceRows(reader),
    ...taskRows(reader),
  };
}

type Supported = keyof (ReturnType<typeof capacityRows> &
  ReturnType<typeof daemonRows> &
  ReturnType<typeof gatewayRows> &
  ReturnType<typeof serviceRows> &
  ReturnType<typeof taskRows>);
