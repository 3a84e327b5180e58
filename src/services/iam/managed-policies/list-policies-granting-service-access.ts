import type {
  ListPoliciesGrantingServiceAccessCommandInput,
  ListPoliciesGrantingServiceAccessResponse,
  PolicyGrantingServiceAccess,
} from '@aws-sdk/client-iam';
import type { Reader } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import { entityArn, parseEntityArn } from '../arn.ts';
import { groupsOf } from '../authorization/policies-of.ts';
import type { IamContext } from '../context.ts';
import { invalidInput, noSuchEntity } from '../errors.ts';
import { findHolder, type HolderType, holderName } from '../holders.ts';
import { Constraints } from '../input/constraints.ts';
import { type PolicyDocument, parsePolicy } from '../policy/index.ts';
import type { GroupRecord, RoleRecord, UserRecord } from '../records.ts';
import { managedPolicy } from './policy-lookup.ts';

/**
 * Which policies of a user (and its groups), group or role allow something of these services, whatever boundaries and
 * other policies make of that. One page holds all there can be.
 * @throws {Refusal} NoSuchEntity, InvalidInput, ValidationError.
 */
export function listPoliciesGrantingServiceAccess(
  { state }: IamContext,
  { Arn: arn = '', ServiceNamespaces: namespaces, Marker }: ListPoliciesGrantingServiceAccessCommandInput,
  { accountId }: Call,
): ListPoliciesGrantingServiceAccessResponse {
  new Constraints()
    .text('arn', arn, { isRequired: true, minLength: 20, maxLength: 2048 })
    .list('serviceNamespaces', namespaces, { min: 1, max: 200 })
    .texts('serviceNamespaces', namespaces, { minLength: 1, maxLength: 64, pattern: String.raw`[\w-]*` })
    .throwIfViolated();
  if (Marker !== undefined) throw invalidInput(`Invalid Marker: ${Marker}`);
  const held = holdersAt(state, accountId, arn).flatMap(([type, holder]) => heldBy(state, type, holder));
  return {
    PoliciesGrantingServiceAccess: (namespaces ?? []).map((namespace) => ({
      ServiceNamespace: namespace,
      Policies: held.filter(({ document }) => grants(document, namespace)).map(({ shown }) => shown),
    })),
    IsTruncated: false,
  };
}

type Holder = readonly [HolderType, UserRecord | GroupRecord | RoleRecord];

/** A user comes with its groups. */
function holdersAt(reader: Reader, accountId: string, arn: string): readonly Holder[] {
  const named = parseEntityArn(arn);
  if (named?.accountId !== accountId) throw invalidInput(`ARN ${arn} is not valid.`);
  const { type, name } = named;
  if (type !== 'user' && type !== 'group' && type !== 'role') throw invalidInput(`ARN ${arn} is not valid.`);
  const holder = findHolder(reader, accountId, { type, name });
  // The request was authorised on this ARN, so it must be the holder's own, in path and case.
  if (entityArn(accountId, type, holder.path, holderName(holder)) !== arn) {
    throw noSuchEntity(`The ${type} with name ${name} cannot be found.`);
  }
  const groups = 'groups' in holder ? groupsOf(reader, holder) : [];
  return [[type, holder], ...groups.map((group): Holder => ['group', group])];
}

interface Held {
  readonly document: PolicyDocument;
  readonly shown: PolicyGrantingServiceAccess;
}

const shownTypes = { user: 'USER', group: 'GROUP', role: 'ROLE' } as const;

function heldBy(reader: Reader, type: HolderType, holder: Holder[1]): readonly Held[] {
  const inline = Object.entries(holder.inlinePolicies).map(([name, document]) => ({
    document: parsePolicy(document, 'identity'),
    shown: {
      ...{ PolicyName: name, PolicyType: 'INLINE' as const },
      ...{ EntityType: shownTypes[type], EntityName: holderName(holder) },
    },
  }));
  const managed = holder.attachedPolicies.flatMap((arn) => {
    const policy = managedPolicy(reader, arn);
    const version = policy?.versions.find(({ id }) => id === policy.defaultVersionId);
    if (policy === undefined || version === undefined) return [];
    const shown = { PolicyName: policy.policyName, PolicyType: 'MANAGED' as const, PolicyArn: arn };
    return [{ document: parsePolicy(version.document, 'identity'), shown }];
  });
  return [...inline, ...managed];
}

/** Whether some statement allows some action of the service. */
function grants({ statements }: PolicyDocument, namespace: string): boolean {
  const folded = namespace.toLowerCase();
  return statements.some(({ effect, action }) => {
    if (effect !== 'Allow') return false;
    const ofService = action.values.map((value) => value.toLowerCase().split(':'));
    return action.isNot
      ? !ofService.some(([service, name = '*']) => isOf(service, folded) && /^\*+$/.test(name))
      : ofService.some(([service]) => isOf(service, folded));
  });
}

const isOf = (service: string | undefined, namespace: string): boolean =>
  service === '*' || service === namespace;
