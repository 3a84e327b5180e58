import type { Span } from './located-json.ts';

/**
 * A policy as it was written, checked, and nothing decided yet. Lists are lists even where the document has one
 * value alone.
 */
export interface PolicyDocument {
  /** Absent in the document: 2008-10-17. Policy variables are of 2012-10-17. */
  readonly version: '2008-10-17' | '2012-10-17';
  readonly statements: readonly Statement[];
}

export interface Statement {
  readonly sid?: string;
  readonly effect: 'Allow' | 'Deny';
  /** Present in resource-based policies and trust policies, and only there. */
  readonly principal?: Complementable<PrincipalName>;
  readonly action: Complementable<string>;
  /** Absent in trust policies. */
  readonly resource?: Complementable<string>;
  readonly conditions: readonly Condition[];
  readonly span: Span;
}

/** `Action` or `NotAction`, and so on. */
export interface Complementable<T> {
  readonly isNot: boolean;
  readonly values: readonly T[];
}

export interface PrincipalName {
  readonly type: 'AWS' | 'Service' | 'Federated' | 'CanonicalUser' | '*';
  readonly value: string;
}

/** One operator with one key; all of a statement's must hold. */
export interface Condition {
  /** E.g. `ForAllValues:StringLikeIfExists`. */
  readonly operator: string;
  /** As written; compared ignoring case. */
  readonly key: string;
  readonly values: readonly string[];
}

/** What a document is for decides what it must have and may not have. */
export type PolicyKind = 'identity' | 'resource' | 'trust';
