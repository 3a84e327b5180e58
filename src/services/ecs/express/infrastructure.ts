import type { Reader } from '../../../reconcile/index.ts';
import type { Infrastructure, InfrastructureSession } from '../../infrastructure.ts';
import type { Scope } from '../arn.ts';
import type { ServiceName } from '../service-name.ts';

/** What Express services stand on, in other rooms. */
export interface InfrastructureRooms {
  /**
   * Acts with a role that a user has passed to ECS (`ecs.amazonaws.com`), for the service that its session names.
   * @throws {Refusal} AccessDeniedException there is no such role, or it doesn't trust ECS.
   */
  assumeRole(session: InfrastructureSession): Infrastructure;
  /** Whether Application Auto Scaling has a target for a service: what is gone has no tags by which a role may ask for it. */
  hasScalableTarget(reader: Reader, scope: Scope, service: ServiceName): boolean;
  /** Whether ACM has a certificate, issued or not. */
  hasCertificate(reader: Reader, scope: Scope, arn: string): boolean;
}

/** Where ECS has no other rooms beside it. */
export const noInfrastructure: InfrastructureRooms = {
  assumeRole: () => async (service, operation) => {
    throw new Error(`There is no ${service} to ask for ${operation}`);
  },
  hasScalableTarget: () => false,
  hasCertificate: () => false,
};
