import type { ListEntitiesForPolicyCommandInput, ListEntitiesForPolicyResponse } from '@aws-sdk/client-iam';
import type { Reader } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import type { IamContext } from '../context.ts';
import { Constraints } from '../input/constraints.ts';
import { checkPathPrefix } from '../input/names.ts';
import { checkPage, pageOf } from '../input/pages.ts';
import { groups, roles, users } from '../records.ts';
import { policyUsages } from './list-policies.ts';
import { checkPolicyArn, findPolicy } from './policy-lookup.ts';

const entityTypes = ['User', 'Role', 'Group', 'LocalManagedPolicy', 'AWSManagedPolicy'] as const;

interface Entity {
  readonly type: 'Group' | 'Role' | 'User';
  readonly name: string;
  readonly id: string;
  readonly path: string;
}

/**
 * Whoever has the policy, attached or as a boundary.
 * @throws {Refusal} NoSuchEntity, InvalidInput, ValidationError.
 */
export function listEntitiesForPolicy(
  { state }: IamContext,
  input: ListEntitiesForPolicyCommandInput,
  { accountId }: Call,
): ListEntitiesForPolicyResponse {
  const { PolicyArn: arn = '', PathPrefix = '/', EntityFilter, PolicyUsageFilter } = input;
  const constraints = checkPage(checkPathPrefix(checkPolicyArn(new Constraints(), arn), PathPrefix), input);
  constraints
    .text('entityFilter', EntityFilter, { oneOf: entityTypes })
    .text('policyUsageFilter', PolicyUsageFilter, { oneOf: policyUsages })
    .throwIfViolated();
  findPolicy(state, accountId, arn);
  const wanted = entitiesWith(state, `${accountId}/${arn}`, PolicyUsageFilter).filter(
    ({ type, path }) => path.startsWith(PathPrefix) && (EntityFilter === undefined || EntityFilter === type),
  );
  const { items, ...place } = pageOf(wanted, ({ type, name }) => `${type} ${name}`, input);
  const of = (wantedType: Entity['type']) => items.filter(({ type }) => type === wantedType);
  return {
    PolicyGroups: of('Group').map(({ name, id }) => ({ GroupName: name, GroupId: id })),
    PolicyUsers: of('User').map(({ name, id }) => ({ UserName: name, UserId: id })),
    PolicyRoles: of('Role').map(({ name, id }) => ({ RoleName: name, RoleId: id })),
    ...place,
  };
}

/** @param value As the indexes have it. */
function entitiesWith(reader: Reader, value: string, usage: string | undefined): readonly Entity[] {
  const indexes = (['policy', 'boundary'] as const).filter(
    (index) => usage === undefined || (usage === 'PermissionsBoundary') === (index === 'boundary'),
  );
  const found = new Map<string, Entity>();
  const take = (entity: Entity) => found.set(entity.id, entity);
  for (const index of indexes) {
    for (const { value: user } of reader.byIndex(users, index, value)) {
      take({ type: 'User', name: user.userName, id: user.id, path: user.path });
    }
    for (const { value: role } of reader.byIndex(roles, index, value)) {
      take({ type: 'Role', name: role.roleName, id: role.id, path: role.path });
    }
  }
  if (indexes.includes('policy')) {
    for (const { value: group } of reader.byIndex(groups, 'policy', value)) {
      take({ type: 'Group', name: group.groupName, id: group.id, path: group.path });
    }
  }
  return [...found.values()];
}
