import type { Sealer } from '../../../sealing/index.ts';
import type { ConditionKeys, Principal } from '../../service.ts';
import type { CompiledStatement, Evaluation } from '../policy/index.ts';

/** A request that was denied, and what decided. */
export interface Denial {
  readonly principal: Principal;
  readonly action: string;
  readonly resource: string;
  /** Those that the service supplied. */
  readonly conditions: ConditionKeys;
  readonly evaluation: Evaluation;
}

/** Whoever was denied is of this account, and it alone reads why. */
const purposeOf = (accountId: string): string => `authorization-message/${accountId}`;

/**
 * The details of a denial as services hand them out, to be read by whoever may `sts:DecodeAuthorizationMessage`:
 * statements can tell more than the caller should know. In the shape of STS's API reference.
 */
export function encodeAuthorizationMessage(sealer: Sealer, denial: Denial): string {
  const { principal, action, resource, conditions, evaluation } = denial;
  const isExplicit = evaluation.decision === 'explicitDeny';
  const message = {
    allowed: false,
    explicitDeny: isExplicit,
    matchedStatements: { items: evaluation.statements.map(statementView) },
    failures: { items: [] },
    context: {
      principal: { id: principal.userId, name: nameOf(principal), arn: principal.arn },
      action,
      resource,
      conditions: {
        items: Object.entries(conditions).flatMap(([key, value]) =>
          value === undefined ? [] : [{ key, values: itemsOf([value].flat()) }],
        ),
      },
    },
  };
  return sealer.seal(JSON.stringify(message), purposeOf(principal.accountId));
}

/** JSON. Undefined: no message of this account's, or not as it was given out. */
export function decodeAuthorizationMessage(
  sealer: Sealer,
  accountId: string,
  encoded: string,
): string | undefined {
  return sealer.open(encoded, purposeOf(accountId));
}

function statementView({ source }: CompiledStatement) {
  return {
    statementId: source.sid ?? '',
    effect: source.effect.toUpperCase(),
    principals: itemsOf(source.principal?.values.map(({ value }) => value) ?? []),
    principalGroups: { items: [] },
    actions: itemsOf(source.action.values),
    resources: itemsOf(source.resource?.values ?? []),
    conditions: {
      items: source.conditions.map(({ key, values }) => ({ key, values: itemsOf(values) })),
    },
  };
}

const itemsOf = (values: readonly string[]) => ({ items: values.map((value) => ({ value })) });

function nameOf({ identity, session }: Principal): string {
  switch (identity.kind) {
    case 'user':
      return identity.userName;
    case 'role':
      return session?.name ?? identity.roleName;
    case 'federated-user':
      return identity.name;
    default:
      return identity.kind;
  }
}
