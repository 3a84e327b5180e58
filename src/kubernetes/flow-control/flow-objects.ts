import {
  type JsonObject,
  type KubernetesObject,
  memberOf,
  numberOf,
  objectsIn,
  textOf,
  textsIn,
} from '../objects/object.ts';
import { resourceNamed } from '../schema/catalogue.ts';

const flowGroup = 'flowcontrol.apiserver.k8s.io';
export const flowSchemas = resourceNamed(flowGroup, 'flowschemas');
export const priorityLevels = resourceNamed(flowGroup, 'prioritylevelconfigurations');

/** Which requests belong together, and where they are answered from. */
export interface FlowSchema {
  readonly name: string;
  readonly uid: string;
  readonly level: string;
  /** The least of those that match counts; of equals the first by name. */
  readonly precedence: number;
  /** What tells the flows of one schema apart; undefined: it is one flow. */
  readonly distinguisher: 'ByNamespace' | 'ByUser' | undefined;
  readonly rules: readonly FlowRule[];
}

export interface FlowRule {
  readonly subjects: readonly Subject[];
  readonly resourceRules: readonly ResourceRule[];
  readonly pathRules: readonly PathRule[];
}

/** A ServiceAccount's name may be `*`, as may those of users and groups. */
export type Subject =
  | { readonly kind: 'Group' | 'User'; readonly name: string }
  | { readonly kind: 'ServiceAccount'; readonly namespace: string; readonly name: string };

export interface ResourceRule {
  readonly verbs: readonly string[];
  readonly groups: readonly string[];
  /** `pods`, `pods/log`, `*`. */
  readonly resources: readonly string[];
  /** Of requests that are in one. */
  readonly namespaces: readonly string[];
  /** Whether it is for requests in none as well. */
  readonly isClusterScoped: boolean;
}

export interface PathRule {
  readonly verbs: readonly string[];
  readonly paths: readonly string[];
}

/** Whose requests share seats. */
export interface PriorityLevel {
  readonly name: string;
  readonly uid: string;
  /** Undefined: its requests are answered at once, however many they are. */
  readonly limited: Limited | undefined;
  readonly shares: number;
  readonly lendablePercent: number;
}

export interface Limited {
  /** Of its own seats, how many more it may borrow; undefined: as many as are lent. */
  readonly borrowingLimitPercent: number | undefined;
  /** Undefined: who finds no seat is told to come back. */
  readonly queuing: Queuing | undefined;
}

export interface Queuing {
  readonly queues: number;
  /** Of the queues, those that a flow's requests may wait in. */
  readonly handSize: number;
  readonly queueLengthLimit: number;
}

export function flowSchemaOf(object: KubernetesObject): FlowSchema {
  const spec = memberOf(object, 'spec');
  const method = textOf(memberOf(spec, 'distinguisherMethod'), 'type');
  return {
    ...{ name: object.metadata.name, uid: object.metadata.uid ?? '' },
    level: textOf(memberOf(spec, 'priorityLevelConfiguration'), 'name'),
    precedence: numberOf(spec, 'matchingPrecedence'),
    distinguisher: method === 'ByUser' || method === 'ByNamespace' ? method : undefined,
    rules: objectsIn(spec, 'rules').map(ruleOf),
  };
}

const ruleOf = (rule: JsonObject): FlowRule => ({
  subjects: objectsIn(rule, 'subjects').flatMap((it) => subjectOf(it) ?? []),
  resourceRules: objectsIn(rule, 'resourceRules').map((it) => ({
    ...{ verbs: textsIn(it, 'verbs'), groups: textsIn(it, 'apiGroups'), resources: textsIn(it, 'resources') },
    ...{ namespaces: textsIn(it, 'namespaces'), isClusterScoped: it.clusterScope === true },
  })),
  pathRules: objectsIn(rule, 'nonResourceRules').map((it) => ({
    ...{ verbs: textsIn(it, 'verbs'), paths: textsIn(it, 'nonResourceURLs') },
  })),
});

function subjectOf(subject: JsonObject): Subject | undefined {
  const kind = textOf(subject, 'kind');
  if (kind === 'User') return { kind, name: textOf(memberOf(subject, 'user'), 'name') };
  if (kind === 'Group') return { kind, name: textOf(memberOf(subject, 'group'), 'name') };
  if (kind !== 'ServiceAccount') return undefined;
  const account = memberOf(subject, 'serviceAccount');
  return { kind, namespace: textOf(account, 'namespace'), name: textOf(account, 'name') };
}

export function priorityLevelOf(object: KubernetesObject): PriorityLevel {
  const spec = memberOf(object, 'spec');
  const isExempt = textOf(spec, 'type') === 'Exempt';
  const own = memberOf(spec, isExempt ? 'exempt' : 'limited');
  const response = memberOf(own, 'limitResponse');
  const queuing = memberOf(response, 'queuing');
  const limit = own.borrowingLimitPercent;
  return {
    ...{ name: object.metadata.name, uid: object.metadata.uid ?? '' },
    shares: numberOf(own, 'nominalConcurrencyShares'),
    lendablePercent: numberOf(own, 'lendablePercent'),
    limited: isExempt
      ? undefined
      : {
          borrowingLimitPercent: typeof limit === 'number' ? limit : undefined,
          queuing:
            textOf(response, 'type') === 'Queue'
              ? {
                  ...{ queues: numberOf(queuing, 'queues'), handSize: numberOf(queuing, 'handSize') },
                  queueLengthLimit: numberOf(queuing, 'queueLengthLimit'),
                }
              : undefined,
        },
  };
}
