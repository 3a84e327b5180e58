import type { Draft } from '../../kinds/kind.ts';
import type { JsonObject, KubernetesObject } from '../../objects/object.ts';
import { type Alongside, alone, together } from '../../objects/object-store.ts';
import { Charging } from '../../quota/charge.ts';
import type { Attributes, Changeable, Connected, Plugin, Proposed, Requester, Rounds } from './attributes.ts';
import { certificatePlugins } from './certificates.ts';
import type { AdmissionContext } from './context.ts';
import { defaultIngressClass, defaultStorageClass, persistentVolumeClaimResize } from './default-classes.ts';
import { fargate } from './fargate.ts';
import { limitRanger } from './limit-ranger.ts';
import { namespaceLifecycle } from './namespace-lifecycle.ts';
import { noEscalation } from './no-escalation.ts';
import { defaultTolerationSeconds, taintNodesByCondition } from './node-conditions.ts';
import { nodeRestriction } from './node-restriction.ts';
import { podIdentity } from './pod-identity.ts';
import { podSecurity } from './pod-security/pod-security.ts';
import { podTopologyLabels } from './pod-topology-labels.ts';
import { mutatingPolicies } from './policies/mutating-policies.ts';
import { validatingPolicies } from './policies/validating-policies.ts';
import { priority } from './priority.ts';
import { readinessGates } from './readiness-gates.ts';
import { runtimeClass } from './runtime-class.ts';
import { securityGroups } from './security-groups.ts';
import { serviceAccountPlugin } from './service-account.ts';
import { storageObjectInUseProtection } from './storage-protection.ts';
import { mutatingWebhooks } from './webhooks/mutating-webhook.ts';
import { validatingWebhooks } from './webhooks/validating-webhook.ts';

/**
 * Whether and as what a write may be, once its writer may write at all: every rule first changes what is to be kept, in one
 * order, and then all judge what it has become. Both tell what belongs into the commit of the object. A rule that has nothing
 * to do with a write costs a look.
 */
export interface Admission {
  /**
   * @param draft Is changed in place; undefined: the object is deleted.
   * @throws {ApiError}
   */
  mutate(attributes: Attributes, draft: Draft | undefined): Promise<Admitted>;
  /** @throws {ApiError} */
  validate(attributes: Proposed): Promise<Alongside>;
  /**
   * Whether something may be connected to: only the cluster's users have rules about that.
   * @returns what is asked for, as it has become.
   * @throws {ApiError}
   */
  connect(attributes: Connected): Promise<JsonObject>;
  /** See `Charging`. */
  charged<T>(attributes: Proposed, commit: (counted: Alongside) => Promise<T>): Promise<T>;
}

export interface Admitted {
  readonly alongside: Alongside;
  /** Somebody outside had a hand in it, and may have changed what nobody may. */
  readonly isPatched: boolean;
}

export function createAdmission(context: AdmissionContext): Admission {
  const { objects, identities } = context;
  // In upstream's order, which users know: later ones see what earlier ones have set.
  const changers = [mutatingPolicies(context), mutatingWebhooks(context)];
  const judges = [validatingPolicies(context), validatingWebhooks(context)];
  const plugins: readonly Plugin[] = [
    namespaceLifecycle(context),
    limitRanger(context),
    serviceAccountPlugin(context),
    nodeRestriction,
    taintNodesByCondition,
    podSecurity(context),
    priority(context),
    defaultTolerationSeconds,
    defaultStorageClass(context),
    storageObjectInUseProtection,
    persistentVolumeClaimResize(context),
    runtimeClass(context),
    ...certificatePlugins(context),
    defaultIngressClass(context),
    fargate(context),
    securityGroups(context),
    podIdentity({ objects, identities }),
    readinessGates(context),
    podTopologyLabels(context),
    noEscalation(context),
    ...changers,
    ...judges,
  ];
  const charging = new Charging(objects, context.inMemory);
  return {
    connect: async (attributes) => {
      const draft = { ...attributes.object, metadata: {} } as Draft;
      await mutated(changers, { ...attributes, draft, rounds: newRounds() });
      const { metadata: _, ...object } = draft as unknown as KubernetesObject & JsonObject;
      await validated(judges, { ...attributes, object: draft as unknown as KubernetesObject });
      return object;
    },
    charged: (attributes, commit) => charging.charged(attributes, commit),
    mutate: async (attributes, draft) => {
      const rounds = newRounds();
      let alongside = await mutated(plugins, { ...attributes, draft, rounds });
      if (rounds.hasChanged) {
        rounds.isSecond = true;
        alongside = await mutated(plugins, { ...attributes, draft, rounds });
      }
      return { alongside, isPatched: rounds.isPatched };
    },
    validate: (attributes) => validated(plugins, attributes),
  };
}

const newRounds = (): Rounds => ({
  ...{ isSecond: false, hasChanged: false, isPatched: false, left: undefined },
  ...{ asked: new Set(), due: new Set() },
});

async function mutated(plugins: readonly Plugin[], attributes: Changeable): Promise<Alongside> {
  let alongside = alone;
  for (const plugin of plugins) {
    if (plugin.mutate === undefined || !plugin.handles(attributes)) continue;
    alongside = together(alongside, await plugin.mutate(attributes));
  }
  return alongside;
}

async function validated(plugins: readonly Plugin[], attributes: Proposed): Promise<Alongside> {
  let alongside = alone;
  for (const plugin of plugins) {
    if (plugin.validate === undefined || !plugin.handles(attributes)) continue;
    alongside = together(alongside, await plugin.validate(attributes));
  }
  return alongside;
}

/** The control plane itself, which nobody reads warnings for. */
export const controlPlane: Requester = {
  user: { username: 'system:apiserver', groups: ['system:masters', 'system:authenticated'] },
  warn: () => {},
  annotate: () => {},
};

/** One of the control plane's controllers, as rules know it. */
export const controller = (name: string): Requester => ({
  ...controlPlane,
  user: {
    username: `system:serviceaccount:kube-system:${name}`,
    groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system', 'system:authenticated'],
  },
});
