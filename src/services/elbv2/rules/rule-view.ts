import type {
  Action,
  RuleCondition as ConditionView,
  Rule,
  RuleTransform,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Rewrite, RuleCondition, TextCondition } from '../../../balancing/index.ts';
import type { RuleGuardRecord, RuleRecord } from '../records.ts';

/** A rule as AWS shows it. */
export function ruleView(rule: RuleRecord): Rule {
  return {
    RuleArn: rule.arn,
    Priority: String(rule.priority),
    Conditions: rule.conditions.map(conditionView),
    Actions: actionsView(rule),
    IsDefault: rule.priority === 'default',
    Transforms: transformViews(rule),
  };
}

/** In the older form and in the newer one. */
function conditionView(condition: RuleCondition): ConditionView {
  const Field = condition.field;
  switch (condition.field) {
    case 'host-header':
      return { Field, ...textsView(condition), HostHeaderConfig: textsView(condition) };
    case 'path-pattern':
      return { Field, ...textsView(condition), PathPatternConfig: textsView(condition) };
    case 'http-header':
      return { Field, HttpHeaderConfig: { HttpHeaderName: condition.name, ...textsView(condition) } };
    case 'http-request-method':
      return { Field, HttpRequestMethodConfig: { Values: [...condition.methods] } };
    case 'query-string': {
      const Values = condition.pairs.map(({ key, value }) => ({
        ...(key !== undefined && { Key: key }),
        Value: value,
      }));
      return { Field, QueryStringConfig: { Values } };
    }
    case 'source-ip':
      return { Field, SourceIpConfig: { Values: [...condition.cidrs] } };
  }
}

function textsView({
  patterns,
  expressions,
}: TextCondition): { Values: string[] } | { RegexValues: string[] } {
  return expressions === undefined ? { Values: [...patterns] } : { RegexValues: [...expressions] };
}

function transformViews({ transforms = {} }: Pick<RuleRecord, 'transforms'>): RuleTransform[] {
  const rewrites = ({ regex, replace }: Rewrite) => ({ Rewrites: [{ Regex: regex, Replace: replace }] });
  const { host, url } = transforms;
  return [
    ...(host ? [{ Type: 'host-header-rewrite' as const, HostHeaderRewriteConfig: rewrites(host) }] : []),
    ...(url ? [{ Type: 'url-rewrite' as const, UrlRewriteConfig: rewrites(url) }] : []),
  ];
}

/** In the order in which they are performed. */
export function actionsView({ guard, ...rule }: Pick<RuleRecord, 'guard' | 'action' | 'order'>): Action[] {
  return [...(guard === undefined ? [] : [guardView(guard)]), actionView(rule)];
}

/** Without its secret. */
function guardView(guard: RuleGuardRecord): Action {
  const common = { Type: guard.type, ...(guard.order !== undefined && { Order: guard.order }) };
  if (guard.type === 'jwt-validation') {
    const AdditionalClaims = guard.additionalClaims.map(({ name, format, values }) => ({
      ...{ Name: name, Format: format, Values: [...values] },
    }));
    const { jwksEndpoint: JwksEndpoint, issuer: Issuer } = guard;
    return { ...common, JwtValidationConfig: { JwksEndpoint, Issuer, AdditionalClaims } };
  }
  return {
    ...common,
    AuthenticateOidcConfig: {
      Issuer: guard.issuer,
      AuthorizationEndpoint: guard.authorizationEndpoint,
      TokenEndpoint: guard.tokenEndpoint,
      UserInfoEndpoint: guard.userInfoEndpoint,
      ClientId: guard.clientId,
      SessionCookieName: guard.sessionCookieName,
      Scope: guard.scope,
      SessionTimeout: guard.sessionTimeout,
      AuthenticationRequestExtraParams: { ...guard.extraParams },
      OnUnauthenticatedRequest: guard.onUnauthenticated,
    },
  };
}

/** Forwarding to one group in the older form too. */
export function actionView({ action, order }: Pick<RuleRecord, 'action' | 'order'>): Action {
  const Order = order === undefined ? {} : { Order: order };
  switch (action.type) {
    case 'forward': {
      const { targetGroups, stickinessDuration } = action;
      const [only, ...others] = targetGroups;
      return {
        Type: 'forward',
        ...(only !== undefined && others.length === 0 && { TargetGroupArn: only.arn }),
        ...Order,
        ForwardConfig: {
          TargetGroups: targetGroups.map(({ arn, weight }) => ({ TargetGroupArn: arn, Weight: weight })),
          TargetGroupStickinessConfig:
            stickinessDuration === undefined
              ? { Enabled: false }
              : { Enabled: true, DurationSeconds: stickinessDuration },
        },
      };
    }
    case 'redirect': {
      const { protocol, host, port, path, query, statusCode } = action;
      return {
        ...{ Type: 'redirect', ...Order },
        RedirectConfig: {
          ...{ Protocol: protocol, Host: host, Port: port, Path: path, Query: query },
          StatusCode: statusCode === 301 ? 'HTTP_301' : 'HTTP_302',
        },
      };
    }
    case 'fixed-response': {
      const { statusCode, contentType, messageBody } = action;
      return {
        ...{ Type: 'fixed-response', ...Order },
        FixedResponseConfig: {
          StatusCode: String(statusCode),
          ...(contentType !== undefined && { ContentType: contentType }),
          ...(messageBody !== undefined && { MessageBody: messageBody }),
        },
      };
    }
  }
}
