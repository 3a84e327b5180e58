import type { Action, RuleCondition as ConditionView, Rule } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { RuleCondition } from '../../../balancing/index.ts';
import type { RuleRecord } from '../records.ts';

/** A rule as AWS shows it. */
export function ruleView(rule: RuleRecord): Rule {
  return {
    RuleArn: rule.arn,
    Priority: String(rule.priority),
    Conditions: rule.conditions.map(conditionView),
    Actions: [actionView(rule)],
    IsDefault: rule.priority === 'default',
    Transforms: [],
  };
}

/** In the older form and in the newer one. */
function conditionView(condition: RuleCondition): ConditionView {
  const Field = condition.field;
  switch (condition.field) {
    case 'host-header': {
      const Values = [...condition.patterns];
      return { Field, Values, HostHeaderConfig: { Values } };
    }
    case 'path-pattern': {
      const Values = [...condition.patterns];
      return { Field, Values, PathPatternConfig: { Values } };
    }
    case 'http-header': {
      const { name: HttpHeaderName, patterns } = condition;
      return { Field, HttpHeaderConfig: { HttpHeaderName, Values: [...patterns] } };
    }
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
