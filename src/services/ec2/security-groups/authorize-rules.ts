import type {
  AuthorizeSecurityGroupEgressCommandInput,
  AuthorizeSecurityGroupEgressResult,
  AuthorizeSecurityGroupIngressCommandInput,
  AuthorizeSecurityGroupIngressResult,
} from '@aws-sdk/client-ec2';
import type { Call } from '../../service.ts';
import type { Ec2Context } from '../context.ts';
import { missingParameter } from '../errors.ts';
import { readTagSpecifications, type TagSpecificationsInput } from '../input/tags.ts';
import { prefixListsOf } from '../prefix-lists/prefix-lists-of.ts';
import { ec2Key, securityGroups } from '../records.ts';
import { askedRules } from './asked-rules.ts';
import { requireGroup } from './group-lookup.ts';
import { namedRules } from './named-rules.ts';
import { type PermissionsInput, permissionsIn } from './permissions-input.ts';
import { newRules } from './rule-changes.ts';
import { assertWithinQuota } from './rule-quota.ts';
import { ruleView } from './rule-view.ts';

/** @throws {Refusal} See `authorizeRules`. */
export const authorizeSecurityGroupIngress = (
  ec2: Ec2Context,
  input: AuthorizeSecurityGroupIngressCommandInput,
  call: Call,
): Promise<AuthorizeSecurityGroupIngressResult> => authorizeRules(ec2, input, call, false);

/** @throws {Refusal} See `authorizeRules`. */
export const authorizeSecurityGroupEgress = (
  ec2: Ec2Context,
  input: AuthorizeSecurityGroupEgressCommandInput,
  call: Call,
): Promise<AuthorizeSecurityGroupEgressResult> => authorizeRules(ec2, input, call, true);

/**
 * All of a request's rules, or none.
 * @throws {Refusal} InvalidGroup.NotFound, InvalidPermission.Duplicate, RulesPerSecurityGroupLimitExceeded,
 * InvalidPrefixListID.NotFound, InvalidParameterValue, MissingParameter and the like.
 */
async function authorizeRules(
  { state, random }: Ec2Context,
  input: PermissionsInput & { readonly TagSpecifications?: TagSpecificationsInput },
  call: Call,
  isEgress: boolean,
): Promise<AuthorizeSecurityGroupIngressResult> {
  const permissions = permissionsIn(input, isEgress);
  if (permissions === undefined) throw missingParameter('ipPermissions');
  const asked = askedRules(permissions);
  const tags = readTagSpecifications(input.TagSpecifications, 'security-group-rule');
  return state.transact((tx) => {
    const group = requireGroup(tx, call, input);
    const added = newRules(random, group.rules, namedRules(tx, call, group, asked, isEgress), tags);
    const rules = [...group.rules, ...added];
    assertWithinQuota(rules, prefixListsOf(tx, call));
    tx.put(securityGroups, ec2Key(securityGroups, call, group.id), { ...group, rules });
    return { Return: true, SecurityGroupRules: added.map((rule) => ruleView(call, group.id, rule)) };
  });
}
