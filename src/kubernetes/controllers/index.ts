/**
 * The controllers of workloads, as Kubernetes' controller manager runs them: for all clusters at once, an object a turn. The
 * one idea to know: a turn looks at what is there in memory, decides by a pure function (`plan.ts` of each), and acts by the
 * API server's own writes under the controller's name (`writer.ts`). It is over when reads show what it wrote, so that the
 * next turn never decides by less than the last one did (`controller.ts`).
 */
import type { Reconciler } from '../../reconcile/index.ts';
import type { KubernetesContext } from '../context.ts';
import { apiEndpointController } from './api-endpoint/declaration.ts';
import { autoscalerController } from './autoscaler/declaration.ts';
import { type RunningClusters, reconcilerOf } from './controller.ts';
import { cronJobController } from './cron-job/declaration.ts';
import { daemonSetController } from './daemon-set/declaration.ts';
import { deploymentController } from './deployment/declaration.ts';
import { disruptionController } from './disruption/declaration.ts';
import {
  abandonedEndpointsController,
  endpointSliceController,
  endpointsController,
  mirroringController,
} from './endpoints/declaration.ts';
import { ephemeralVolumeController } from './ephemeral-volumes/declaration.ts';
import { garbageCollector } from './garbage-collection/declaration.ts';
import { finishedJobController, jobController, trackedPodController } from './job/declaration.ts';
import { nodeHealthController, nodeTaintsController } from './node-lifecycle/declaration.ts';
import { nodeTtlController } from './node-ttl/declaration.ts';
import { podGarbageCollector, terminatedPodsController } from './pod-garbage/declaration.ts';
import { replicaSetController, replicationController } from './replica-set/declaration.ts';
import { defaultServiceCidrController, serviceCidrController } from './service-cidrs/declaration.ts';
import { statefulSetController } from './stateful-set/declaration.ts';
import { taintEvictionController } from './taint-eviction/declaration.ts';
import {
  claimBinder,
  claimProtectionController,
  volumeBinder,
  volumeProtectionController,
} from './volumes/declaration.ts';

export function workloadControllers(
  context: KubernetesContext,
  running: RunningClusters,
): readonly Reconciler[] {
  return [
    reconcilerOf(context, running, deploymentController),
    reconcilerOf(context, running, replicaSetController),
    reconcilerOf(context, running, replicationController),
    reconcilerOf(context, running, statefulSetController),
    reconcilerOf(context, running, daemonSetController),
    reconcilerOf(context, running, jobController),
    reconcilerOf(context, running, trackedPodController),
    reconcilerOf(context, running, finishedJobController),
    reconcilerOf(context, running, cronJobController),
    reconcilerOf(context, running, endpointSliceController),
    reconcilerOf(context, running, endpointsController),
    reconcilerOf(context, running, abandonedEndpointsController),
    reconcilerOf(context, running, mirroringController),
    reconcilerOf(context, running, serviceCidrController),
    reconcilerOf(context, running, defaultServiceCidrController),
    reconcilerOf(context, running, disruptionController),
    reconcilerOf(context, running, garbageCollector()),
    reconcilerOf(context, running, nodeHealthController),
    reconcilerOf(context, running, nodeTaintsController),
    reconcilerOf(context, running, nodeTtlController),
    reconcilerOf(context, running, taintEvictionController),
    reconcilerOf(context, running, podGarbageCollector),
    reconcilerOf(context, running, terminatedPodsController),
    reconcilerOf(context, running, apiEndpointController),
    reconcilerOf(context, running, autoscalerController),
    reconcilerOf(context, running, claimBinder),
    reconcilerOf(context, running, volumeBinder),
    reconcilerOf(context, running, claimProtectionController),
    reconcilerOf(context, running, volumeProtectionController),
    reconcilerOf(context, running, ephemeralVolumeController),
  ];
}
