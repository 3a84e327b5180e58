import type { ECS } from '@aws-sdk/client-ecs';
import type { Rows } from '../../authorization-row.ts';

export type { Asks, Keys } from '../../authorization-row.ts';
export type EcsRows = Partial<Rows<ECS>>;
