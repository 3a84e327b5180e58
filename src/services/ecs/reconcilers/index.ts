import type { Reconciler } from '../../../reconcile/index.ts';
import type { EcsContext } from '../context.ts';
import { daemonDeploymentsOf } from './daemons.ts';
import { expressInfrastructure } from './express-infrastructure.ts';
import { fargateHostLoss } from './fargate-host-loss.ts';
import { gatewayInfrastructure } from './gateway-infrastructure.ts';
import { lifecycleHooks } from './lifecycle-hooks.ts';
import { managedInstancesOf } from './managed-instances.ts';
import { serviceConnectNames } from './service-connect-names.ts';
import { serviceDeployment } from './service-deployment.ts';
import { serviceDeploymentRetention } from './service-deployment-retention.ts';
import { serviceRetention } from './service-retention.ts';
import { targetHealth } from './target-health.ts';
import { taskActivation } from './task-activation.ts';
import { taskDefinitionDeletion } from './task-definition-deletion.ts';
import { taskDeprovisioning } from './task-deprovisioning.ts';
import { taskProvisioning } from './task-provisioning.ts';
import { taskRetention } from './task-retention.ts';

/** Everything that works on ECS's records by itself. */
export function ecsReconcilers(ecs: EcsContext): readonly Reconciler[] {
  return [
    serviceDeployment(ecs),
    serviceConnectNames(ecs),
    serviceRetention(ecs),
    serviceDeploymentRetention(ecs),
    taskRetention(ecs),
    taskDefinitionDeletion(ecs),
    taskActivation(ecs),
    targetHealth(ecs),
    taskDeprovisioning(ecs),
    taskProvisioning(ecs),
    managedInstancesOf(ecs),
    daemonDeploymentsOf(ecs),
    fargateHostLoss(ecs),
    expressInfrastructure(ecs),
    gatewayInfrastructure(ecs),
    ...(ecs.hookFunctions ? [lifecycleHooks(ecs, ecs.hookFunctions)] : []),
  ];
}
