import { isDeepStrictEqual } from 'node:util';
import type { UpdateServiceCommandInput } from '@aws-sdk/client-ecs';
import type { ServiceRecord } from '../records.ts';

/**
 * What each parameter of UpdateService begins when it changes something (Amazon ECS API reference, UpdateService, which
 * says of each whether it "triggers a new service deployment"). One that the SDK adds is a compile error until somebody
 * decides.
 */
const begins: Readonly<Record<keyof UpdateServiceCommandInput, 'deployment' | 'none'>> = {
  forceNewDeployment: 'deployment',
  gatewayConnectors: 'deployment',
  loadBalancers: 'deployment',
  networkConfiguration: 'deployment',
  platformVersion: 'deployment',
  serviceConnectConfiguration: 'deployment',
  serviceRegistries: 'deployment',
  taskDefinition: 'deployment',
  volumeConfigurations: 'deployment',
  vpcLatticeConfigurations: 'deployment',
  availabilityZoneRebalancing: 'none',
  // Another strategy is refused without forceNewDeployment.
  capacityProviderStrategy: 'none',
  cluster: 'none',
  deploymentConfiguration: 'none',
  deploymentController: 'none',
  desiredCount: 'none',
  enableECSManagedTags: 'none',
  enableExecuteCommand: 'none',
  healthCheckGracePeriodSeconds: 'none',
  monitoring: 'none',
  placementConstraints: 'none',
  placementStrategy: 'none',
  propagateTags: 'none',
  service: 'none',
};

/** Whether an update from `before` to `after` is rolled out by a new deployment. */
export function beginsDeployment(
  input: UpdateServiceCommandInput,
  before: ServiceRecord,
  after: ServiceRecord,
): boolean {
  if (input.forceNewDeployment) return true;
  // The same connectors may lead to other gateways by now.
  if (!isDeepStrictEqual(before.gatewayRoutes, after.gatewayRoutes)) return true;
  const was: Readonly<Record<string, unknown>> = { ...before };
  const is: Readonly<Record<string, unknown>> = { ...after };
  return Object.entries(begins).some(
    ([parameter, what]) => what === 'deployment' && !isDeepStrictEqual(was[parameter], is[parameter]),
  );
}
