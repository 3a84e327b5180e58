import type { Annotations } from './annotations.ts';
import type { WantedAction, WantedCondition, WantedTexts, WantedTransform } from './model.ts';

/** Where an annotation's action sends to. */
export type NamedBackend = (NamedService | NamedTargetGroup) & { readonly weight: number };

interface NamedService {
  readonly serviceName: string;
  /** A number, or a port's name. */
  readonly servicePort: string | number;
}

/** One that somebody has made, by its ARN or its name. */
interface NamedTargetGroup {
  readonly targetGroup: string;
}

export type SaidAction =
  | Exclude<WantedAction, { readonly type: 'forward' }>
  | {
      readonly type: 'forward';
      readonly to: readonly NamedBackend[];
      readonly stickinessSeconds?: number;
    };

type Members = Readonly<Record<string, unknown>>;

/** Members as the documents spell them, `targetGroups`, of those that are spelled as Elastic Load Balancing's, `TargetGroups`. */
export function camelCased(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(camelCased);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name.charAt(0).toLowerCase() + name.slice(1),
      camelCased(member),
    ]),
  );
}

export const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Of `members`, those that are texts or numbers, spelled as Elastic Load Balancing's. */
function textsIn(members: unknown, names: readonly string[]): Record<string, string> {
  if (!isMembers(members)) return {};
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = members[name];
      const isSaid = typeof value === 'string' || typeof value === 'number';
      return isSaid ? [[name.charAt(0).toUpperCase() + name.slice(1), String(value)]] : [];
    }),
  );
}

/** The action of the annotation `actions.<name>`. @throws {ModelError} there is none, or it can't be done. */
export function readAction(annotations: Annotations, name: string): SaidAction {
  const annotation = `actions.${name}`;
  const said = camelCased(annotations.json(annotation));
  if (!isMembers(said)) throw annotations.invalid(annotation, 'missing');
  switch (said.type) {
    case 'fixed-response': {
      const config = textsIn(said.fixedResponseConfig, ['contentType', 'statusCode', 'messageBody']);
      const { StatusCode } = config;
      if (StatusCode === undefined)
        throw annotations.invalid(annotation, 'fixedResponseConfig needs a statusCode');
      return { type: 'fixed-response', ...config, StatusCode };
    }
    case 'redirect': {
      const config = textsIn(said.redirectConfig, [
        'protocol',
        'port',
        'host',
        'path',
        'query',
        'statusCode',
      ]);
      const { StatusCode } = config;
      if (StatusCode !== 'HTTP_301' && StatusCode !== 'HTTP_302')
        throw annotations.invalid(annotation, 'redirectConfig needs a statusCode of HTTP_301 or HTTP_302');
      return { type: 'redirect', ...config, StatusCode };
    }
    case 'forward': {
      const { forwardConfig } = said;
      const [named, ...more] = targetGroupsIn(said);
      if (more.length > 0 || (named === undefined) === (forwardConfig === undefined)) {
        throw annotations.invalid(
          annotation,
          'precisely one of targetGroupARN, targetGroupName and forwardConfig can be specified',
        );
      }
      if (named !== undefined) return { type: 'forward', to: [{ targetGroup: named, weight: 1 }] };
      return {
        ...{ type: 'forward', to: readBackends(annotations, annotation, forwardConfig) },
        ...readStickiness(annotations, annotation, forwardConfig),
      };
    }
    default:
      throw annotations.invalid(annotation, `the type ${String(said.type)} is not supported`);
  }
}

function readBackends(
  annotations: Annotations,
  annotation: string,
  config: unknown,
): readonly NamedBackend[] {
  const groups = isMembers(config) && Array.isArray(config.targetGroups) ? config.targetGroups : [];
  if (groups.length === 0) throw annotations.invalid(annotation, 'forwardConfig needs targetGroups');
  return groups.map((group: unknown) => {
    const said = isMembers(group) ? group : {};
    const { serviceName, servicePort, weight = 1 } = said;
    const [targetGroup, ...more] = targetGroupsIn(said);
    if (more.length > 0 || (targetGroup === undefined) === (serviceName === undefined)) {
      throw annotations.invalid(
        annotation,
        'each of its targetGroups has precisely one of targetGroupARN, targetGroupName and serviceName',
      );
    }
    if (typeof weight !== 'number') throw annotations.invalid(annotation, 'a weight is a number');
    if (targetGroup !== undefined) return { targetGroup, weight };
    if (
      typeof serviceName !== 'string' ||
      (typeof servicePort !== 'string' && typeof servicePort !== 'number')
    )
      throw annotations.invalid(annotation, 'a serviceName needs a servicePort');
    return { serviceName, servicePort, weight };
  });
}

/** What names target groups in an action or in one of its `targetGroups`; the controller reads `Arn` as well. */
const targetGroupsIn = ({ targetGroupARN, targetGroupArn, targetGroupName }: Members): readonly string[] =>
  [targetGroupARN ?? targetGroupArn, targetGroupName].flatMap((named) =>
    typeof named === 'string' && named !== '' ? [named] : [],
  );

function readStickiness(
  annotations: Annotations,
  annotation: string,
  config: unknown,
): { readonly stickinessSeconds?: number } {
  const said = isMembers(config) ? config.targetGroupStickinessConfig : undefined;
  if (!isMembers(said) || said.enabled !== true) return {};
  if (typeof said.durationSeconds !== 'number')
    throw annotations.invalid(annotation, 'targetGroupStickinessConfig needs durationSeconds, a number');
  return { stickinessSeconds: said.durationSeconds };
}

/** What the annotation `conditions.<name>` asks for besides host and path. @throws {ModelError} */
export function readConditions(annotations: Annotations, name: string): readonly WantedCondition[] {
  const annotation = `conditions.${name}`;
  const said = camelCased(annotations.json(annotation) ?? []);
  if (!Array.isArray(said)) throw annotations.invalid(annotation, 'a list is expected');
  return said.map((each: unknown) => {
    const condition = isMembers(each) ? each : {};
    const config = (of: string): Members => {
      const found = condition[of];
      if (!isMembers(found)) throw annotations.invalid(annotation, `${of} is missing`);
      return found;
    };
    const values = (of: string): readonly string[] => {
      const found = config(of).values;
      if (!Array.isArray(found) || found.some((value) => typeof value !== 'string'))
        throw annotations.invalid(annotation, `the values of ${of} are a list of texts`);
      return found;
    };
    const texts = (of: string): WantedTexts => {
      const { regexValues } = config(of);
      if (regexValues === undefined) return { values: values(of) };
      const isList = Array.isArray(regexValues) && regexValues.every((value) => typeof value === 'string');
      if (!isList || config(of).values !== undefined)
        throw annotations.invalid(annotation, `${of} has either values or regexValues, a list of texts`);
      return { values: [], regexValues };
    };
    switch (condition.field) {
      case 'host-header':
        return { field: 'host-header', ...texts('hostHeaderConfig') };
      case 'path-pattern':
        return { field: 'path-pattern', ...texts('pathPatternConfig') };
      case 'http-request-method':
        return { field: 'http-request-method', values: values('httpRequestMethodConfig') };
      case 'source-ip':
        return { field: 'source-ip', values: values('sourceIpConfig') };
      case 'http-header': {
        const { httpHeaderName } = config('httpHeaderConfig');
        return { field: 'http-header', name: String(httpHeaderName), ...texts('httpHeaderConfig') };
      }
      case 'query-string': {
        const { values: pairs } = config('queryStringConfig');
        if (!Array.isArray(pairs)) throw annotations.invalid(annotation, 'queryStringConfig needs values');
        return {
          field: 'query-string',
          values: pairs.map((pair: unknown) => textsIn(pair, ['key', 'value'])),
        };
      }
      default:
        throw annotations.invalid(annotation, `the field ${String(condition.field)} is not supported`);
    }
  });
}

/** What the annotation `transforms.<name>` makes of requests. @throws {ModelError} */
export function readTransforms(annotations: Annotations, name: string): readonly WantedTransform[] {
  const annotation = `transforms.${name}`;
  const said = camelCased(annotations.json(annotation) ?? []);
  if (!Array.isArray(said)) throw annotations.invalid(annotation, 'a list is expected');
  return said.map((each: unknown) => {
    const { type, hostHeaderRewriteConfig, urlRewriteConfig } = isMembers(each) ? each : {};
    if (type !== 'url-rewrite' && type !== 'host-header-rewrite')
      throw annotations.invalid(annotation, `the type ${String(type)} is not supported`);
    const config = type === 'url-rewrite' ? urlRewriteConfig : hostHeaderRewriteConfig;
    const rewrites = isMembers(config) && Array.isArray(config.rewrites) ? config.rewrites : [];
    return {
      type,
      rewrites: rewrites.map((rewrite: unknown) => {
        const { Regex, Replace } = textsIn(rewrite, ['regex', 'replace']);
        if (Regex === undefined || Replace === undefined)
          throw annotations.invalid(annotation, 'a rewrite needs regex and replace');
        return { Regex, Replace };
      }),
    };
  });
}
