import type {
  RevokeSecurityGroupEgressCommandInput,
  RevokeSecurityGroupEgressResult,
  RevokeSecurityGroupIngressCommandInput,
  RevokeSecurityGroupIngressResult,
} from '@aws-sdk/client-ec2';
import type { Transaction } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import type { Ec2Context } from '../context.ts';
import { ec2Refusal, invalidParameterCombination } from '../errors.ts';
import { ec2Key, type Scope, type SecurityGroupRecord, securityGroups, vpcs } from '../records.ts';
import { type AskedRule, askedRules } from './asked-rules.ts';
import { requireGroup } from './group-lookup.ts';
import { namedRules } from './named-rules.ts';
import { permissionsOf } from './permission-view.ts';
import { type PermissionsInput, permissionsIn } from './permissions-input.ts';
import { assertAskedOnce, matchingRules, ruleNotFound, rulesOfIds } from './rule-changes.ts';
import { revokedRuleView } from './rule-view.ts';

/** @throws {Refusal} See `revokeRules`. */
export const revokeSecurityGroupIngress = (
  ec2: Ec2Context,
  input: RevokeSecurityGroupIngressCommandInput,
  call: Call,
): Promise<RevokeSecurityGroupIngressResult> => revokeRules(ec2, input, call, false);

/** @throws {Refusal} See `revokeRules`. */
export const revokeSecurityGroupEgress = (
  ec2: Ec2Context,
  input: RevokeSecurityGroupEgressCommandInput,
  call: Call,
): Promise<RevokeSecurityGroupEgressResult> => revokeRules(ec2, input, call, true);

/**
 * Takes rules away by their ids, or by what they allow; descriptions don't count. A rule that the group has not refuses
 * the request, but for groups of the default VPC: there the answer names it and the others are taken away.
 * @throws {Refusal} InvalidGroup.NotFound, InvalidPermission.NotFound, InvalidSecurityGroupRuleId.NotFound,
 * InvalidParameterValue, MissingParameter and the like.
 */
async function revokeRules(
  { state }: Ec2Context,
  input: PermissionsInput & { readonly SecurityGroupRuleIds?: readonly string[] | undefined },
  call: Call,
  isEgress: boolean,
): Promise<RevokeSecurityGroupIngressResult> {
  const asked = askedIn(input, isEgress);
  return state.transact((tx) => {
    const group = requireGroup(tx, call, input);
    const { found, unknown } =
      'ids' in asked
        ? { found: rulesOfIds(group.rules, asked.ids, isEgress), unknown: [] }
        : foundByParts(tx, call, group, asked.rules, isEgress);
    const revoked = new Set(found);
    const rules = group.rules.filter((rule) => !revoked.has(rule));
    tx.put(securityGroups, ec2Key(securityGroups, call, group.id), { ...group, rules });
    return {
      Return: true,
      RevokedSecurityGroupRules: found.map((rule) => revokedRuleView(group.id, rule)),
      ...(unknown.length > 0 && {
        UnknownIpPermissions: permissionsOf(
          unknown.map((rule) => ({ ...rule, id: '', tags: {} })),
          call.accountId,
        ),
      }),
    };
  });
}

type Asked = { readonly ids: readonly string[] } | { readonly rules: readonly AskedRule[] };

function askedIn(
  input: PermissionsInput & { readonly SecurityGroupRuleIds?: readonly string[] | undefined },
  isEgress: boolean,
): Asked {
  const { SecurityGroupRuleIds: ids = [] } = input;
  const permissions = permissionsIn(input, isEgress);
  if (permissions === undefined && ids.length === 0) {
    throw ec2Refusal('MissingParameter', `${eitherOr} should be provided.`);
  }
  if (permissions === undefined) return { ids };
  if (ids.length > 0) throw invalidParameterCombination(`${eitherOr} should be provided, not both.`);
  return { rules: askedRules(permissions) };
}

const eitherOr = "Either 'ipPermissions' or 'securityGroupRuleIds'";

function foundByParts(
  tx: Transaction,
  scope: Scope,
  group: SecurityGroupRecord,
  asked: readonly AskedRule[],
  isEgress: boolean,
) {
  const named = namedRules(tx, scope, group, asked, isEgress);
  assertAskedOnce(named);
  const matching = matchingRules(group.rules, named);
  const isLenient = tx.get(vpcs, ec2Key(vpcs, scope, group.vpcId))?.isDefault === true;
  if (matching.unknown.length > 0 && !isLenient) throw ruleNotFound();
  return matching;
}
