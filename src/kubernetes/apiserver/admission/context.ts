import type { Clock, Random } from '../../../clock/index.ts';
import type { Log } from '../../../log.ts';
import type { Authorizer } from '../../authorization/rbac.ts';
import type { ObjectStore } from '../../objects/object-store.ts';
import type { ObjectsInMemory } from '../../objects/objects-in-memory.ts';
import type { Catalogue } from '../../schema/catalogue.ts';
import type { WebhookClient } from '../../webhooks/webhook-client.ts';
import type { FargateProfileOf } from './fargate.ts';
import type { PodIdentities } from './pod-identity.ts';
import type { GatesOf } from './readiness-gates.ts';
import type { SecurityGroupsOf } from './security-groups.ts';

/** What the rules of a cluster look at. */
export interface AdmissionContext {
  readonly objects: ObjectStore;
  readonly authorizer: Authorizer;
  readonly identities: PodIdentities;
  readonly fargateProfileOf: FargateProfileOf;
  readonly gatesOf: GatesOf;
  readonly securityGroupsOf: SecurityGroupsOf;
  /** The same objects, in memory. */
  readonly inMemory: ObjectsInMemory;
  /** What the cluster serves at this moment. */
  readonly catalogue: () => Catalogue;
  readonly webhookClient: WebhookClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Aborts when the server ends. */
  readonly signal: AbortSignal;
}
