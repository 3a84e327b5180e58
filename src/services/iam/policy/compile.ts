import { type ArnMatcher, compileResource } from './arn-pattern.ts';
import { type CompiledCondition, compileCondition } from './condition.ts';
import type { Complementable, PolicyDocument, Statement } from './document.ts';
import { compilePrincipal, type PrincipalMatcher } from './principal.ts';
import type { ContextSource } from './request.ts';
import { compileKnown, compilePlainGlob, variablesIn } from './template.ts';

/** A policy version made ready to be asked, once, however often it is asked. */
export interface CompiledPolicy {
  /** Names the policy in answers, e.g. its ARN, or `PolicyInputList.1`. */
  readonly id: string;
  /** The statements whose action matches, in their order. */
  statementsFor(action: string): readonly CompiledStatement[];
  /** Every condition key that conditions and variables name, as written, each once, in the order of the text. */
  readonly contextKeys: readonly string[];
}

/** What statements look at besides action and principal. */
export interface StatementRequest {
  /** The resource in its segments (`readArn`). */
  readonly arn: readonly string[];
  readonly context: ContextSource;
}

export interface CompiledStatement {
  readonly policyId: string;
  /** Its place in the policy, from 0. */
  readonly index: number;
  readonly source: Statement;
  /** Present where the statement has a Principal or NotPrincipal. */
  readonly principal?: PrincipalMatcher;
  /** Whether it is about the resource. */
  isOn(request: StatementRequest): boolean;
  /** Asked after the action, and for everything but the principal: resource and conditions. */
  matches(request: StatementRequest): boolean;
  readonly contextKeys: readonly string[];
}

/** So many actions' statements are remembered for each policy; then it begins anew. */
const rememberedActions = 512;

export function compilePolicy(id: string, { version, statements }: PolicyDocument): CompiledPolicy {
  const hasVariables = version === '2012-10-17';
  const compiled = statements.map((source, index) => ({
    matchesAction: compileAction(source.action),
    statement: compileStatement(id, index, source, hasVariables),
  }));
  const byAction = new Map<string, readonly CompiledStatement[]>();
  return {
    id,
    contextKeys: distinct(compiled.flatMap(({ statement }) => statement.contextKeys)),
    statementsFor: (action) => {
      const remembered = byAction.get(action);
      if (remembered !== undefined) return remembered;
      const folded = action.toLowerCase();
      const found = compiled.filter(({ matchesAction }) => matchesAction(folded)).map((it) => it.statement);
      if (byAction.size >= rememberedActions) byAction.clear();
      byAction.set(action, found);
      return found;
    },
  };
}

/** Names in any case are one name. */
export function distinct(keys: readonly string[]): readonly string[] {
  const byName = new Map<string, string>();
  for (const key of keys) if (!byName.has(key.toLowerCase())) byName.set(key.toLowerCase(), key);
  return [...byName.values()];
}

function compileStatement(
  policyId: string,
  index: number,
  source: Statement,
  hasVariables: boolean,
): CompiledStatement {
  const matchesResource = compileResources(source, hasVariables);
  const conditions = source.conditions.map((condition) => compileCondition(condition, hasVariables));
  return {
    policyId,
    index,
    source,
    ...(source.principal !== undefined && { principal: compilePrincipal(source.principal, source.effect) }),
    isOn: ({ arn, context }) => matchesResource(arn, context),
    matches: ({ arn, context }) => matchesResource(arn, context) && allHold(conditions, context),
    contextKeys: contextKeysOf(source, hasVariables),
  };
}

function compileAction({ isNot, values }: Complementable<string>): (foldedAction: string) => boolean {
  const matchers = values.map((value) => compilePlainGlob(value.toLowerCase()));
  return (action) => matchers.some((matches) => matches(action)) !== isNot;
}

function allHold(conditions: readonly CompiledCondition[], context: ContextSource): boolean {
  for (const holds of conditions) if (!holds(context)) return false;
  return true;
}

/**
 * A statement without Resource (a trust policy's) is on the one resource it belongs to. Where a variable is absent, the
 * resource it stands in is unknown: `NotResource` then denies everything, and allows nothing.
 */
function compileResources({ resource, effect }: Statement, hasVariables: boolean): ArnMatcher {
  if (resource === undefined) return () => true;
  const { isNot, values } = resource;
  const matchers = values.map((value) => compileResource(value, hasVariables));
  const [only] = matchers;
  if (only !== undefined && matchers.length === 1 && !isNot) return only;
  const known = isNot && effect === 'Allow' && hasVariables ? values.map(compileKnown) : [];
  return (arn, context) =>
    known.every((isKnown) => isKnown(context)) && matchers.some((matches) => matches(arn, context)) !== isNot;
}

function contextKeysOf({ resource, conditions }: Statement, hasVariables: boolean): readonly string[] {
  const variables = (text: string): readonly string[] => (hasVariables ? variablesIn(text) : []);
  return distinct([
    ...(resource?.values ?? []).flatMap(variables),
    ...conditions.flatMap(({ key, values }) => [key, ...values.flatMap(variables)]),
  ]);
}
