import type { Reader } from '../../../reconcile/index.ts';
import type { Identity, Principal, SessionPolicies } from '../../service.ts';
import { type PolicyPlace, placeOfPolicy, policyAt } from '../managed-policies/policy-lookup.ts';
import { type CompiledPolicy, compilePolicy, type PolicySet, parsePolicy } from '../policy/index.ts';
import {
  entityKey,
  type GroupRecord,
  groups,
  type PolicyHolder,
  type PolicyRecord,
  roles,
  type UserRecord,
  users,
} from '../records.ts';

/** The policies that apply to what a principal asks, but for the resource's own. */
export function policiesOf(reader: Reader, { accountId, identity, session }: Principal): PolicySet {
  const limits = session?.policies && { session: sessionPolicies(reader, session.policies) };
  const own = ownPolicies(reader, accountId, identity.kind === 'federated-user' ? identity.of : identity);
  // Without session policies a federated user may do nothing (STS API reference, GetFederationToken).
  return identity.kind === 'federated-user' ? { ...own, session: [], ...limits } : { ...own, ...limits };
}

/** Identity policies and permissions boundary of a user, role or root. */
function ownPolicies(reader: Reader, accountId: string, identity: Identity): PolicySet {
  switch (identity.kind) {
    case 'root':
      return { identity: [everything] };
    case 'user': {
      const user = reader.get(users, entityKey(users, accountId, identity.userName));
      if (user === undefined) return nothing;
      return {
        identity: [user, ...groupsOf(reader, user)].flatMap((holder) => heldPolicies(reader, holder)),
        ...boundaryOf(reader, user),
      };
    }
    case 'role': {
      const role = reader.get(roles, entityKey(roles, accountId, identity.roleName));
      return role === undefined
        ? nothing
        : { identity: heldPolicies(reader, role), ...boundaryOf(reader, role) };
    }
    default:
      return nothing;
  }
}

export function groupsOf(reader: Reader, { groups: ids }: UserRecord): readonly GroupRecord[] {
  return ids.flatMap((id) => reader.byIndex(groups, 'id', id).map(({ value }) => value));
}

const nothing: PolicySet = { identity: [] };
const everything = compilePolicy(
  'root',
  parsePolicy(
    '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}',
    'identity',
  ),
);

/**
 * Compiled once for each record: records are frozen, a changed one is another object, so nothing here can be stale.
 */
const compiledInline = new WeakMap<PolicyHolder, readonly CompiledPolicy[]>();
const compiledVersions = new WeakMap<PolicyRecord, CompiledPolicy>();

export function heldPolicies(reader: Reader, holder: PolicyHolder): readonly CompiledPolicy[] {
  let inline = compiledInline.get(holder);
  if (inline === undefined) {
    inline = Object.entries(holder.inlinePolicies).map(([name, document]) => compile(name, document));
    compiledInline.set(holder, inline);
  }
  return holder.attachedPolicies.length === 0
    ? inline
    : [...inline, ...managedPolicies(reader, holder.attachedPolicies)];
}

export function boundaryOf(
  reader: Reader,
  { permissionsBoundary }: { readonly permissionsBoundary?: string },
): Pick<PolicySet, 'boundary'> {
  // A boundary whose policy is gone can't be; were it so, it would allow nothing.
  return permissionsBoundary === undefined
    ? {}
    : { boundary: managedPolicies(reader, [permissionsBoundary]) };
}

function sessionPolicies(reader: Reader, { inline, arns = [] }: SessionPolicies): readonly CompiledPolicy[] {
  const managed = managedPolicies(reader, arns);
  return inline === undefined ? managed : [compile('session', inline), ...managed];
}

/** The default versions of managed policies, the account's and AWS's; one that is gone says nothing. */
function managedPolicies(reader: Reader, arns: readonly string[]): readonly CompiledPolicy[] {
  const found: CompiledPolicy[] = [];
  for (const { arn, place } of placesOf(arns)) {
    const record = policyAt(reader, place);
    if (record !== undefined) found.push(defaultVersion(arn, record));
  }
  return found;
}

interface AttachedPolicy {
  readonly arn: string;
  readonly place: PolicyPlace;
}

/** What ARNs tell by themselves, read once for each list: those in records are frozen, too. */
const places = new WeakMap<readonly string[], readonly AttachedPolicy[]>();

function placesOf(arns: readonly string[]): readonly AttachedPolicy[] {
  let known = places.get(arns);
  if (known === undefined) {
    known = arns.flatMap((arn) => {
      const place = placeOfPolicy(arn);
      return place === undefined ? [] : [{ arn, place }];
    });
    places.set(arns, known);
  }
  return known;
}

function defaultVersion(arn: string, record: PolicyRecord): CompiledPolicy {
  let compiled = compiledVersions.get(record);
  if (compiled === undefined) {
    const version = record.versions.find(({ id }) => id === record.defaultVersionId);
    compiled = compile(arn, version?.document ?? '');
    compiledVersions.set(record, compiled);
  }
  return compiled;
}

const compile = (id: string, document: string): CompiledPolicy =>
  compilePolicy(id, parsePolicy(document, 'identity'));
