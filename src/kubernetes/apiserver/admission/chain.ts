import type { Clock, Random } from '../../../clock/index.ts';
import type { Authorizer } from '../../authorization/rbac.ts';
import { type Alongside, alone, type ObjectStore, together } from '../../objects/object-store.ts';
import type { Changeable, Plugin, Proposed, Requester } from './attributes.ts';
import { certificatePlugins } from './certificates.ts';
import { namespaceLifecycle } from './namespace-lifecycle.ts';
import { type PodIdentities, podIdentity } from './pod-identity.ts';
import { serviceAccountPlugin } from './service-account.ts';

/** What the rules of a cluster look at. */
export interface AdmissionContext {
  readonly objects: ObjectStore;
  readonly authorizer: Authorizer;
  readonly clock: Clock;
  readonly random: Random;
  /** Absent: nothing is made, and so no pod. */
  readonly identities?: PodIdentities;
}

/**
 * Whether and as what a write may be, once its writer may write at all: every rule first changes what is to be kept, in one
 * order, and then all judge what it has become. Both tell what belongs into the commit of the object. A rule that has nothing
 * to do with a write costs a look.
 */
export interface Admission {
  /** @throws {ApiError} */
  mutate(attributes: Changeable): Promise<Alongside>;
  /** @throws {ApiError} */
  validate(attributes: Proposed): Promise<Alongside>;
}

export function createAdmission(context: AdmissionContext): Admission {
  const { objects, identities } = context;
  // In upstream's order, which users know: later ones see what earlier ones have set.
  const plugins: readonly Plugin[] = [
    namespaceLifecycle(context),
    serviceAccountPlugin(context),
    ...certificatePlugins(context),
    ...(identities === undefined ? [] : [podIdentity({ objects, identities })]),
  ];
  return {
    mutate: async (attributes) => {
      let alongside = alone;
      for (const plugin of plugins) {
        if (plugin.mutate === undefined || !plugin.handles(attributes)) continue;
        alongside = together(alongside, await plugin.mutate(attributes));
      }
      return alongside;
    },
    validate: async (attributes) => {
      let alongside = alone;
      for (const plugin of plugins) {
        if (plugin.validate === undefined || !plugin.handles(attributes)) continue;
        alongside = together(alongside, await plugin.validate(attributes));
      }
      return alongside;
    },
  };
}

/** The control plane itself, which nobody reads warnings for. */
export const controlPlane: Requester = {
  user: { username: 'system:apiserver', groups: ['system:masters', 'system:authenticated'] },
  warn: () => {},
};
