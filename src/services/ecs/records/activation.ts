/**
 * What is done for a service's tasks in ACTIVATING and undone in DEACTIVATING, so that others find them while they are
 * RUNNING and no longer.
 */

/** A service of Cloud Map, as a service's `serviceRegistries` names it. */
export interface ServiceRegistryRecord {
  readonly registryArn: string;
  /** The container and its port that are found there, or the port alone. */
  readonly containerName?: string;
  readonly containerPort?: number;
  readonly port?: number;
}

/** Of a task: as its deployment had it when the task was launched. */
export interface TaskActivationRecord {
  readonly serviceRegistries: readonly ServiceRegistryRecord[];
  /** Of its task set. */
  readonly externalId?: string;
  /** Written in the transaction that registers it, or takes it away, everywhere. */
  readonly isRegistered: boolean;
  /** So long after it was taken away somebody may still come who knows it from before. */
  readonly noticeMs?: number;
  /** When it was taken away. */
  readonly unregisteredAt?: number;
}
