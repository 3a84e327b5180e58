import { watching } from '../../../reconcile/index.ts';
import { deployments, pods, replicaSets, siblingKey } from '../collections.ts';
import { type Controller, watchingOwned } from '../controller.ts';
import { selects } from '../label-selector.ts';
import { controllerOf, type Deployment, type Pod } from '../objects.ts';
import { isTerminal } from '../pods.ts';

/** From one template of pods to the next, by ReplicaSets. */
export const deploymentController: Controller<Deployment> = {
  account: 'deployment-controller',
  component: 'deployment-controller',
  collection: deployments,
  watches: (state) => [
    watchingOwned(state, replicaSets, {
      ...{ collection: deployments, kind: 'Deployment' },
      selects: ({ spec }) => selects(spec.selector),
    }),
    // Recreate waits for the last pod of the old template.
    watching<Pod>(pods, ({ key, before, after }) => {
      if (before === undefined || (after !== undefined && !isTerminal(after))) return [];
      const owner = controllerOf(before);
      if (owner?.kind !== 'ReplicaSet') return [];
      const replicaSet = state.get(replicaSets, siblingKey(key, replicaSets, owner.name));
      const deployment = replicaSet && controllerOf(replicaSet);
      return deployment === undefined ? [] : [siblingKey(key, deployments, deployment.name)];
    }),
  ],
  load: async () => (await import('./sync.ts')).syncDeployment,
};
