/**
 * AWS Identity and Access Management: who may do what. The one idea to know: `policy/` is the whole policy language
 * as a pure engine, and everything that decides asks it. `records.ts` is what is kept, `credentials/` finds whose a key
 * or a session token is, `authorization/` decides by the policies as they are at that moment.
 *
 * IAM is one for all regions: nothing here looks at the call's.
 */
import type { JSONWebKeySet } from 'jose';
import type { Credentials, Service } from '../service.ts';
import { type Authorize, createAuthorize } from './authorization/authorize.ts';
import type { IamContext } from './context.ts';
import { CredentialLookup } from './credentials/credential-lookup.ts';
import { LastUses } from './credentials/last-uses.ts';
import type { Account, Explanation, NewAccount, Question, SignIn, signIn } from './operator/index.ts';
import { ensureServiceLinkedRole } from './service-linked-roles/create-service-linked-role.ts';
import {
  assumeRoleForService,
  type ServiceAssumption,
  type ServiceSession,
} from './sessions/assume-role-for-service.ts';
import { type Denial, encodeAuthorizationMessage } from './sessions/authorization-message.ts';
import type { Sessions } from './sessions/sessions.ts';
import type { IssuerKeys } from './web-identity/issuer-keys.ts';

export { federatedUserArn } from './arn.ts';
export type { AuthorizationRequest, Authorize, Decision } from './authorization/authorize.ts';
export { whyNotPermitted, whyNotResourcePolicy } from './authorization/policed.ts';
export { alsoTags, requestTagKeys } from './conditions.ts';
export type { IamContext } from './context.ts';
export type { TemporaryCredentials } from './credentials/session-token.ts';
export { newAccountId, newKeyPair } from './ids.ts';
export { roleOfInstanceProfile } from './instance-profiles/profile-lookup.ts';
export type { Account, Explanation, NewAccount, Question, SignIn } from './operator/index.ts';
export { entityOf, type PrincipalEntity, principalEntity } from './principal-entity.ts';
export { watchingRolesOf } from './roles/roles-of-service.ts';
export type { RoleAssumption } from './sessions/assume-role.ts';
export type { ServiceAssumption, ServiceSession } from './sessions/assume-role-for-service.ts';
export type { Denial } from './sessions/authorization-message.ts';
export type { IssuedSession } from './sessions/issued-session.ts';
export { sessionPolicies } from './sessions/session-policies.ts';
export { sessionTags } from './sessions/session-tags.ts';
export type { Sessions } from './sessions/sessions.ts';

/** See `operator/`. Loaded when first asked. */
export interface IamOperator {
  createAccount(name: string): Promise<NewAccount>;
  listAccounts(): readonly Account[];
  signIn(...asked: Tail<typeof signIn>): SignIn;
  explain(question: Question): Explanation;
}

type Tail<F> = F extends (first: never, ...rest: infer Rest) => unknown ? Rest : never;

export interface Iam {
  readonly service: Service;
  /** Before any operation runs. */
  readonly authorize: Authorize;
  /** Whose an access key is: see `CredentialLookup`. */
  readonly findCredentials: (
    accessKeyId: string,
    sessionToken: string | undefined,
    now: number,
  ) => Credentials | 'expired' | undefined;
  /** Told of every request whose signature was right. */
  readonly noteUse: LastUses['note'];
  /** Credentials of a role for a service that acts with it, such as ECS for a task. */
  readonly assumeRoleForService: (asked: ServiceAssumption) => ServiceSession;
  loadOperator(): Promise<IamOperator>;
  /** The keys that an issuer of OpenID Connect signs with: see `IssuerKeys`. */
  readonly issuerKeys: (url: string, isStale: boolean) => Promise<JSONWebKeySet>;
  /** What STS gives out. */
  readonly loadSessions: () => Promise<Sessions>;
  /** A denial's details for services that hand them out sealed, such as EC2. */
  readonly encodeAuthorizationMessage: (denial: Denial) => string;
  /** Makes a service's own role in an account, such as `ecs.amazonaws.com`'s; where it is there, it is one look-up. */
  readonly ensureServiceLinkedRole: (accountId: string, service: string) => Promise<void>;
}

export function createIam(context: IamContext): Iam {
  const credentials = new CredentialLookup(context);
  let issuers: IssuerKeys | undefined;
  return {
    service: {
      signingName: 'iam',
      loadSdk: () => import('@aws-sdk/client-iam'),
      loadOperations: async () => (await import('./operations.ts')).iamOperations(context),
    },
    authorize: createAuthorize(context.state),
    findCredentials: (...asked) => credentials.find(...asked),
    noteUse: new LastUses(context.state).note,
    assumeRoleForService: (asked) => assumeRoleForService(context, asked),
    loadOperator: async () => {
      const { createAccount, explain, listAccounts, signIn } = await import('./operator/index.ts');
      return {
        createAccount: (name) => createAccount(context, name),
        listAccounts: () => listAccounts(context),
        signIn: (...asked) => signIn(context, ...asked),
        explain: (question) => explain(context, question),
      };
    },
    issuerKeys: async (url, isStale) => {
      const { IssuerKeys } = await import('./web-identity/issuer-keys.ts');
      issuers ??= new IssuerKeys(context.clock);
      return issuers.of({ url, thumbprints: [] }, isStale);
    },
    loadSessions: async () => (await import('./sessions/sessions.ts')).createSessions(context),
    encodeAuthorizationMessage: (denial) => encodeAuthorizationMessage(context.sealer, denial),
    ensureServiceLinkedRole: (accountId, service) => ensureServiceLinkedRole(context, accountId, service),
  };
}
