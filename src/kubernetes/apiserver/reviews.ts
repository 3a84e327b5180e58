import type { Json } from '../../store/index.ts';
import { type Authenticate, apiAudiences, TokenError, type User } from '../authentication/user.ts';
import type { Attributes } from '../authorization/rbac.ts';
import { isJsonObject, type JsonObject, listOf, memberOf, textOf } from '../objects/object.ts';
import type { Resource } from '../schema/catalogue.ts';
import type { Cluster } from './cluster.ts';
import { badRequest } from './status.ts';

/**
 * Resources that are questions: what is created is answered and not kept.
 * @throws {ApiError} 400
 */
export async function answerReview(
  { authorizer, authenticate }: Cluster,
  { kind }: Resource,
  namespace: string | undefined,
  user: User,
  body: JsonObject,
): Promise<Json> {
  const spec = memberOf(body, 'spec');
  const metadata = { creationTimestamp: null };
  switch (kind) {
    case 'TokenReview':
      return { ...body, metadata, status: await reviewToken(authenticate, spec) };
    case 'SelfSubjectReview':
      return { ...body, metadata, status: { userInfo: userInfo(user) } };
    case 'SelfSubjectRulesReview': {
      const within = textOf(spec, 'namespace');
      if (within === '') throw badRequest('no namespace on request');
      const rules = authorizer.rulesOf(user, within);
      return {
        ...body,
        metadata,
        status: {
          resourceRules: rules.filter((rule) => rule.nonResourceURLs === undefined),
          nonResourceRules: rules.filter((rule) => rule.nonResourceURLs !== undefined),
          ...{ incomplete: true, evaluationError: unlisted },
        },
      };
    }
    default: {
      const about = kind === 'SelfSubjectAccessReview' ? user : subjectOf(spec);
      const asked = attributesOf(spec);
      if (kind === 'LocalSubjectAccessReview' && (!asked.isResource || asked.namespace !== namespace))
        throw badRequest(`spec.resourceAttributes.namespace must match namespace: ${namespace}`);
      const reason = authorizer.why(about, asked);
      return { ...body, metadata, status: { allowed: reason !== undefined, ...(reason && { reason }) } };
    }
  }
}

/** Access policies are no roles: see `withAccessPolicies`. In EKS a webhook decides by them, and says this of itself. */
const unlisted = 'webhook authorizer does not support user rule resolution';

/** Whose a token is, for others than the API server. A token that is no good is an answer, and no error. */
async function reviewToken(authenticate: Authenticate, spec: JsonObject): Promise<Json> {
  const token = textOf(spec, 'token');
  if (token === '') throw badRequest('token is required for TokenReview in authentication');
  const asked = listOf(spec, 'audiences').map(String);
  try {
    const found = await authenticate(token, asked.length === 0 ? apiAudiences : asked);
    if (found === undefined) return { authenticated: false };
    return { authenticated: true, user: userInfo(found.user), audiences: found.audiences };
  } catch (error) {
    if (error instanceof TokenError) return { authenticated: false, error: error.message };
    throw error;
  }
}

const userInfo = ({ username, uid, groups, extra }: User): Json => ({
  ...{ username, ...(uid !== undefined && { uid }), groups },
  ...(extra && { extra: extra as Json }),
});

const subjectOf = (spec: JsonObject): User => ({
  username: textOf(spec, 'user'),
  groups: listOf(spec, 'groups').map(String),
});

function attributesOf(spec: JsonObject): Attributes {
  const { resourceAttributes, nonResourceAttributes } = spec;
  if (isJsonObject(resourceAttributes)) {
    const text = (name: string): string => textOf(resourceAttributes, name);
    return {
      ...{ isResource: true, verb: text('verb'), group: text('group'), resource: text('resource') },
      ...{ subresource: text('subresource'), namespace: text('namespace'), name: text('name') },
    };
  }
  if (!isJsonObject(nonResourceAttributes))
    throw badRequest('exactly one of nonResourceAttributes or resourceAttributes must be specified');
  return {
    isResource: false,
    verb: textOf(nonResourceAttributes, 'verb'),
    path: textOf(nonResourceAttributes, 'path'),
  };
}
