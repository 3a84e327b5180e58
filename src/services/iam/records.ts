import type { Collection, RecordKey } from '../../reconcile/index.ts';
import { recordKey } from '../../reconcile/index.ts';

/**
 * What IAM keeps. It is one for all regions, so keys carry `global` in the region's place:
 * `/iam/<account>/global/<noun>/<id...>`. Names are unique ignoring case, so keys carry them in lower case and records
 * as they were given. Times are epoch milliseconds; documents are the text as it was given; secrets are sealed.
 *
 * What is attached to an identity stands in the identity's record: one read, one transaction, one writer. What may not
 * be deleted while others refer to it counts them, so that the two can't miss each other: both write that record.
 */

/** Of users, groups and roles: what decides what they may do. */
export interface PolicyHolder {
  /** Inline policies: name to document. */
  readonly inlinePolicies: Readonly<Record<string, string>>;
  /** ARNs of managed policies, the account's and AWS's, in the order of their attachment. */
  readonly attachedPolicies: readonly string[];
}

interface Entity {
  /** `/` or `/…/`. */
  readonly path: string;
  /** `AIDA…`, `AGPA…`, `AROA…`, `ANPA…`, `AIPA…`: another one for an entity made anew under an old name. */
  readonly id: string;
  readonly createdAt: number;
}

export interface UserRecord extends Entity, PolicyHolder {
  readonly userName: string;
  readonly tags: Tags;
  /** ARN of the managed policy that is its permissions boundary. */
  readonly permissionsBoundary?: string;
  /** Ids: a group that gets another name keeps its members. */
  readonly groups: readonly string[];
  /** Ids of its access keys, oldest first. */
  readonly accessKeys: readonly string[];
}

export type Tags = Readonly<Record<string, string>>;

const boundaryOrNothing = ({ permissionsBoundary }: { readonly permissionsBoundary?: string }) =>
  permissionsBoundary;

/** `user/<name>` */
export const users: Collection<UserRecord, 'group' | 'policy' | 'boundary' | 'id'> = {
  service: 'iam',
  noun: 'user',
  indexes: {
    /** By the group's id. */
    group: ({ groups }) => groups,
    /** `<account>/<policy ARN>`: AWS's own policies are attached in every account. */
    policy: ({ attachedPolicies }, key) => attachedPolicies.map((arn) => `${accountOf(key)}/${arn}`),
    boundary: (user, key) => inAccount(key, boundaryOrNothing(user)),
    id: ({ id }) => id,
  },
};

export interface GroupRecord extends Entity, PolicyHolder {
  readonly groupName: string;
  readonly memberCount: number;
}

/** `group/<name>` */
export const groups: Collection<GroupRecord, 'policy' | 'id'> = {
  service: 'iam',
  noun: 'group',
  indexes: {
    policy: ({ attachedPolicies }, key) => attachedPolicies.map((arn) => `${accountOf(key)}/${arn}`),
    id: ({ id }) => id,
  },
};

export interface RoleRecord extends Entity, PolicyHolder {
  readonly roleName: string;
  /** Its principals name users and roles by their ids, so that one made anew under an old name is not trusted. */
  readonly trustPolicy: string;
  readonly description?: string;
  readonly maxSessionSeconds: number;
  readonly tags: Tags;
  readonly permissionsBoundary?: string;
  /** The service that it is linked to, such as `ecs.amazonaws.com`: then only that service changes it. */
  readonly linkedService?: string;
  /** Instance profiles that it is in; absent: none. */
  readonly instanceProfileCount?: number;
}

/** `role/<name>` */
export const roles: Collection<RoleRecord, 'policy' | 'boundary' | 'id'> = {
  service: 'iam',
  noun: 'role',
  indexes: {
    policy: ({ attachedPolicies }, key) => attachedPolicies.map((arn) => `${accountOf(key)}/${arn}`),
    boundary: (role, key) => inAccount(key, boundaryOrNothing(role)),
    id: ({ id }) => id,
  },
};

/** A service-linked role's deletion that was asked for, and what became of it. */
export interface RoleDeletionRecord {
  /** `task/aws-service-role/<service>/<role>/<id>` */
  readonly taskId: string;
  readonly service: string;
  readonly requestedAt: number;
  /** What its service still had: then the role stayed. */
  readonly usage: readonly LinkedResources[];
}

/** ARNs, in one region. */
export interface LinkedResources {
  readonly region: string;
  readonly resources: readonly string[];
}

/** `role-deletion/<id>` */
export const roleDeletions: Collection<RoleDeletionRecord> = {
  service: 'iam',
  noun: 'role-deletion',
  indexes: {},
};

/** A managed policy of the account. AWS's own are data of this program: `managed-policies/`. */
export interface PolicyRecord extends Entity {
  readonly policyName: string;
  readonly description?: string;
  readonly tags: Tags;
  readonly updatedAt: number;
  readonly defaultVersionId: string;
  /** The number that the next version gets: ids are never used again. */
  readonly nextVersion: number;
  /** Users, groups and roles that it is attached to. */
  readonly attachmentCount: number;
  /** Users and roles whose boundary it is. */
  readonly boundaryCount: number;
  /** Five at most, oldest first. */
  readonly versions: readonly PolicyVersion[];
}

export interface PolicyVersion {
  /** E.g. `v1`. */
  readonly id: string;
  readonly document: string;
  readonly createdAt: number;
}

/** `policy/<name>` */
export const policies: Collection<PolicyRecord> = { service: 'iam', noun: 'policy', indexes: {} };

export interface InstanceProfileRecord extends Entity {
  readonly instanceProfileName: string;
  /** Lower-case name of its one role. */
  readonly role?: string;
  readonly tags: Tags;
}

/** `instance-profile/<name>` */
export const instanceProfiles: Collection<InstanceProfileRecord, 'role'> = {
  service: 'iam',
  noun: 'instance-profile',
  indexes: { role: ({ role }, key) => inAccount(key, role) },
};

export interface AccessKeyRecord {
  readonly accessKeyId: string;
  /** Absent: the key is the root user's. */
  readonly userName?: string;
  readonly status: 'Active' | 'Inactive';
  readonly createdAt: number;
  /** Sealed for the purpose `access-key/<id>`: a signature can only be checked with the secret itself. */
  readonly sealedSecret: string;
}

/** `access-key/<id>` */
export const accessKeys: Collection<AccessKeyRecord, 'id'> = {
  service: 'iam',
  noun: 'access-key',
  // Whoever signs names no account.
  indexes: { id: ({ accessKeyId }) => accessKeyId },
};

/** An account of this installation besides its first one. */
export interface AccountRecord {
  readonly accountId: string;
  readonly accountName: string;
  readonly createdAt: number;
}

/** `account/<name>`, in the first account: it is the installation's, not the account's own. */
export const accounts: Collection<AccountRecord> = {
  service: 'iam',
  noun: 'account',
  indexes: {},
};

/** When an access key or a role was last used, written every few minutes at most. */
export interface LastUseRecord {
  readonly lastUsedAt: number;
  /** The signing name, such as `ecs`. */
  readonly service: string;
  readonly region: string;
}

/** `last-use/<access key id or role id>`: it goes with the key or the role. */
export const lastUses: Collection<LastUseRecord> = { service: 'iam', noun: 'last-use', indexes: {} };
/** An account's one name for people; unique in the installation. */
export interface AccountAliasRecord {
  readonly alias: string;
  readonly accountId: string;
}

/** `account-alias/<alias>`, in the first account, as accounts are. */
export const accountAliases: Collection<AccountAliasRecord, 'account'> = {
  service: 'iam',
  noun: 'account-alias',
  indexes: { account: ({ accountId }) => accountId },
};

/** An OpenID Connect provider, whose tokens roles of the account may trust. */
export interface OidcProviderRecord {
  /** Without `https://`, as conditions and answers have it; a port stands in it, a closing slash not. */
  readonly url: string;
  /** Whom its tokens must be for. */
  readonly clientIds: readonly string[];
  /** SHA-1 of certificates, 40 hexadecimal digits in lower case. */
  readonly thumbprints: readonly string[];
  readonly createdAt: number;
  readonly tags: Tags;
}

/** `oidc-provider/<the URL's name in ARNs, percent-encoded>` */
export const oidcProviders: Collection<OidcProviderRecord> = {
  service: 'iam',
  noun: 'oidc-provider',
  indexes: {},
};

const everywhere = 'global';

/** The collections of what goes by a name. */
export type Named = typeof users | typeof groups | typeof roles | typeof policies | typeof instanceProfiles;

/** The key of a user, group, role, policy or instance profile, by its name in any case. */
export const entityKey = (collection: Named, accountId: string, name: string): RecordKey =>
  recordKey<object>(collection as Collection<object, string>, accountId, everywhere, name.toLowerCase());

/** @param name What follows `oidc-provider/` in its ARN. */
export const oidcProviderKey = (accountId: string, name: string): RecordKey =>
  recordKey(oidcProviders, accountId, everywhere, encodeURIComponent(name));

/** The prefix of everything of one noun in an account. */
export const prefixOf = (
  { service, noun }: { readonly service: string; readonly noun: string },
  accountId: string,
) => `/${service}/${accountId}/${everywhere}/${noun}/`;

export const accessKeyKey = (accountId: string, accessKeyId: string): RecordKey =>
  recordKey(accessKeys, accountId, everywhere, accessKeyId);

export const accountKey = (firstAccountId: string, accountName: string): RecordKey =>
  recordKey(accounts, firstAccountId, everywhere, accountName);

export const accountAliasKey = (firstAccountId: string, alias: string): RecordKey =>
  recordKey(accountAliases, firstAccountId, everywhere, alias);

export const roleDeletionKey = (accountId: string, id: string): RecordKey =>
  recordKey(roleDeletions, accountId, everywhere, id);

export const lastUseKey = (accountId: string, id: string): RecordKey =>
  recordKey(lastUses, accountId, everywhere, id);

/** The account that a record belongs to. */
export function accountOf(key: RecordKey): string {
  return key.split('/', 3)[2] ?? '';
}

const inAccount = (key: RecordKey, value: string | undefined): string | undefined =>
  value === undefined ? undefined : `${accountOf(key)}/${value}`;
