import { meetsRequirement, type Requirement } from '../../label-selector.ts';
import type { Condition, Kept, PodSpec } from './objects.ts';

export interface Node extends Kept {
  readonly spec?: { readonly unschedulable?: boolean; readonly taints?: readonly Taint[] };
  readonly status?: { readonly conditions?: readonly NodeCondition[] };
}

export interface NodeCondition extends Condition {
  readonly lastHeartbeatTime?: string;
}

export interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
  readonly timeAdded?: string;
}

export interface Toleration {
  readonly key?: string;
  readonly operator?: string;
  readonly value?: string;
  readonly effect?: string;
  /** Of a taint that evicts: so long; absent: for ever. */
  readonly tolerationSeconds?: number;
}

export interface NodeSelectorTerm {
  readonly matchExpressions?: readonly Requirement[];
  readonly matchFields?: readonly Requirement[];
}

/** What a pod says of the nodes that it may run on. */
export interface Placement extends PodSpec {
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly tolerations?: readonly Toleration[];
  readonly affinity?: {
    readonly nodeAffinity?: {
      readonly requiredDuringSchedulingIgnoredDuringExecution?: {
        readonly nodeSelectorTerms: readonly NodeSelectorTerm[];
      };
    };
  };
}

export const requiredTerms = ({ affinity }: Placement): readonly NodeSelectorTerm[] | undefined =>
  affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;

/** Whether a node has what a pod's selector and affinity ask for. */
export function isSelected(node: Node, placement: Placement): boolean {
  const { labels = {}, name } = node.metadata;
  const equal = Object.entries(placement.nodeSelector ?? {}).every(([key, value]) => labels[key] === value);
  const terms = requiredTerms(placement);
  return (
    equal && (terms === undefined || terms.some((term) => meets(term, labels, { 'metadata.name': name })))
  );
}

type Values = Readonly<Record<string, string>>;

/** A term that asks for nothing finds no node. */
export function meets(
  { matchExpressions = [], matchFields = [] }: NodeSelectorTerm,
  labels: Values,
  fields: Values,
): boolean {
  if (matchExpressions.length + matchFields.length === 0) return false;
  return (
    matchExpressions.every((requirement) => holds(requirement, labels)) &&
    matchFields.every((requirement) => holds(requirement, fields))
  );
}

function holds(requirement: Requirement, present: Values): boolean {
  const { key, operator, values = [] } = requirement;
  switch (operator) {
    case 'Gt':
      return isInteger(present[key]) && Number(present[key]) > Number(values[0]);
    case 'Lt':
      return isInteger(present[key]) && Number(present[key]) < Number(values[0]);
    default:
      return meetsRequirement(requirement, present);
  }
}

const isInteger = (text: string | undefined): boolean => text !== undefined && /^-?\d+$/.test(text);

/** Whether a pod stands all taints of the node that have one of the effects. */
export function toleratesAll(
  { spec }: Node,
  tolerations: readonly Toleration[],
  effects: readonly string[],
): boolean {
  return (spec?.taints ?? [])
    .filter(({ effect }) => effects.includes(effect))
    .every((taint) => tolerations.some((toleration) => tolerates(toleration, taint)));
}

export function tolerates(
  { key = '', operator = 'Equal', value = '', effect = '' }: Toleration,
  taint: Taint,
): boolean {
  if (effect !== '' && effect !== taint.effect) return false;
  if (key !== '' && key !== taint.key) return false;
  return operator === 'Exists' || (key !== '' && value === (taint.value ?? ''));
}
