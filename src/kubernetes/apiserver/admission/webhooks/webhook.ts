import {
  type JsonObject,
  type KubernetesObject,
  memberOf,
  numberOf,
  objectsIn,
  textOf,
  textsIn,
} from '../../../objects/object.ts';
import type { Resource } from '../../../schema/catalogue.ts';
import type { WebhookClientConfig } from '../../../webhooks/client-config.ts';
import { webhookClientConfig } from '../../../webhooks/webhook-client.ts';
import type { AdmissionContext } from '../context.ts';
import type { Expression } from '../policies/policy.ts';
import { type MatchPolicy, matchPolicyOf } from '../versions.ts';
import { compileConditions } from './match-conditions.ts';

/** One webhook of a configuration, ready to be asked. */
export interface Webhook {
  readonly name: string;
  /** Unlike any other's of the cluster: the configuration's name and its place there. */
  readonly id: string;
  readonly rules: readonly Rule[];
  readonly matchPolicy: MatchPolicy;
  readonly namespaceSelector: JsonObject;
  readonly objectSelector: JsonObject;
  /** `matchConditions`: it is asked where all of them hold. */
  readonly conditions: readonly Expression[];
  readonly config: WebhookClientConfig;
  readonly timeoutSeconds: number;
  /** `failurePolicy: Ignore`: without its answer a write goes on. */
  readonly failsOpen: boolean;
  /** It may be asked about what is not to be kept. */
  readonly supportsDryRun: boolean;
  /** `reinvocationPolicy: IfNeeded` */
  readonly reinvokes: boolean;
  /** `v1` or `v1beta1`: of the AdmissionReviews that it understands, the newest. */
  readonly reviewVersion: string;
}

export interface Rule {
  readonly operations: readonly string[];
  readonly apiGroups: readonly string[];
  readonly apiVersions: readonly string[];
  readonly resources: readonly string[];
  readonly scope: string;
}

/** The webhooks of all configurations of a kind, read anew when one has changed. */
export function currentWebhooks(
  { inMemory }: Pick<AdmissionContext, 'inMemory'>,
  resource: Resource,
): () => readonly Webhook[] {
  let webhooks: readonly Webhook[] = [];
  let read: readonly KubernetesObject[] = [];
  return () => {
    const configurations = inMemory.all(resource);
    if (configurations !== read) {
      webhooks = webhooksOf(configurations);
      read = configurations;
    }
    return webhooks;
  };
}

/** Of configurations that were found valid, in the order in which they are asked: by name, and as they stand. */
const webhooksOf = (configurations: readonly KubernetesObject[]): readonly Webhook[] =>
  configurations.flatMap((configuration) =>
    objectsIn(configuration, 'webhooks').map((it, index) =>
      webhookOf(it, `${configuration.metadata.name}/${index}`),
    ),
  );

function webhookOf(it: JsonObject, id: string): Webhook {
  return {
    ...{ name: textOf(it, 'name'), id, rules: objectsIn(it, 'rules').map(ruleOf) },
    matchPolicy: matchPolicyOf(textOf(it, 'matchPolicy')),
    namespaceSelector: memberOf(it, 'namespaceSelector'),
    objectSelector: memberOf(it, 'objectSelector'),
    conditions: compileConditions(it, '').conditions,
    config: webhookClientConfig(memberOf(it, 'clientConfig')),
    timeoutSeconds: numberOf(it, 'timeoutSeconds') || 10,
    failsOpen: textOf(it, 'failurePolicy') === 'Ignore',
    supportsDryRun: ['None', 'NoneOnDryRun'].includes(textOf(it, 'sideEffects')),
    reinvokes: textOf(it, 'reinvocationPolicy') === 'IfNeeded',
    reviewVersion: textsIn(it, 'admissionReviewVersions').includes('v1') ? 'v1' : 'v1beta1',
  };
}

/** A `RuleWithOperations` that was found valid. */
export const ruleOf = (rule: JsonObject): Rule => ({
  operations: textsIn(rule, 'operations'),
  apiGroups: textsIn(rule, 'apiGroups'),
  apiVersions: textsIn(rule, 'apiVersions'),
  resources: textsIn(rule, 'resources'),
  scope: textOf(rule, 'scope') || '*',
});
