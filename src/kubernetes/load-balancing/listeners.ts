import { isDeepStrictEqual } from 'node:util';
import type { BalancerSite, Told } from './clients.ts';
import type { Site } from './infrastructure.ts';
import type {
  Guarded,
  WantedAction,
  WantedBalancer,
  WantedCondition,
  WantedGuard,
  WantedListener,
  WantedRule,
  WantedTexts,
  WantedTransform,
} from './model.ts';
import { differing } from './target-groups.ts';

type Tag = { readonly Key: string; readonly Value: string };
type TargetGroupArns = ReadonlyMap<string, string>;

/** Makes a load balancer's listeners and their rules as they are wanted; others go. @throws {Refusal} */
export async function ensureListeners(
  site: BalancerSite,
  LoadBalancerArn: string,
  wanted: WantedBalancer,
  { arns, tags }: { readonly arns: TargetGroupArns; readonly tags: readonly Tag[] },
): Promise<void> {
  const { ask } = site;
  const told = site.clients.of(LoadBalancerArn);
  const { Listeners: present = [] } = await ask('elasticloadbalancing', 'DescribeListeners', {
    LoadBalancerArn,
  });
  for (const { Port, ListenerArn = '' } of present)
    if (!wanted.listeners.some(({ port }) => port === Port))
      await ask('elasticloadbalancing', 'DeleteListener', { ListenerArn });
  for (const listener of wanted.listeners) {
    const found = present.find(({ Port }) => Port === listener.port);
    const sent = {
      ...{ Port: listener.port, Protocol: listener.protocol },
      DefaultActions: actionsOf(listener, arns),
      ...(listener.certificates[0] !== undefined && {
        Certificates: [{ CertificateArn: listener.certificates[0] }],
      }),
      ...(listener.sslPolicy !== undefined && { SslPolicy: listener.sslPolicy }),
      ...(listener.protocol === 'TLS' && { AlpnPolicy: [listener.alpnPolicy ?? 'None'] }),
    };
    const made =
      found ??
      (await ask('elasticloadbalancing', 'CreateListener', { LoadBalancerArn, ...sent, Tags: [...tags] }))
        .Listeners?.[0];
    const ListenerArn = made?.ListenerArn ?? '';
    if (found !== undefined && !(isListenerAsWanted(found, sent) && told.knows(ListenerArn, listener)))
      await ask('elasticloadbalancing', 'ModifyListener', { ListenerArn, ...sent });
    told.note(ListenerArn, listener);
    await ensureAttributes(site, ListenerArn, listener);
    await ensureCertificates(site, ListenerArn, listener);
    if (wanted.type === 'application')
      await ensureRules(site, ListenerArn, listener.rules, { arns, tags, told });
  }
}

interface SentListener {
  readonly Protocol: string;
  readonly DefaultActions: ReturnType<typeof actionsOf>;
  readonly Certificates?: readonly { readonly CertificateArn: string }[];
  readonly SslPolicy?: string;
  readonly AlpnPolicy?: readonly string[];
}

function isListenerAsWanted(
  found: {
    readonly Protocol?: string | undefined;
    readonly DefaultActions?: readonly Shown[] | undefined;
    readonly Certificates?: readonly { readonly CertificateArn?: string | undefined }[] | undefined;
    readonly SslPolicy?: string | undefined;
    readonly AlpnPolicy?: readonly string[] | undefined;
  },
  sent: SentListener,
): boolean {
  return (
    found.Protocol === sent.Protocol &&
    (found.AlpnPolicy?.[0] ?? 'None') === (sent.AlpnPolicy?.[0] ?? 'None') &&
    (sent.SslPolicy === undefined || found.SslPolicy === sent.SslPolicy) &&
    found.Certificates?.[0]?.CertificateArn === sent.Certificates?.[0]?.CertificateArn &&
    isDeepStrictEqual(comparable(found.DefaultActions), comparable(sent.DefaultActions))
  );
}

async function ensureAttributes(
  { ask }: Site,
  ListenerArn: string,
  { attributes }: WantedListener,
): Promise<void> {
  if (Object.keys(attributes).length === 0) return;
  const { Attributes: present = [] } = await ask('elasticloadbalancing', 'DescribeListenerAttributes', {
    ListenerArn,
  });
  const Attributes = differing(present, attributes);
  if (Attributes.length > 0)
    await ask('elasticloadbalancing', 'ModifyListenerAttributes', { ListenerArn, Attributes });
}

/** Certificates besides the default one. */
async function ensureCertificates(
  { ask }: Site,
  ListenerArn: string,
  { certificates }: WantedListener,
): Promise<void> {
  const [first, ...more] = certificates;
  if (first === undefined) return;
  const { Certificates = [] } = await ask('elasticloadbalancing', 'DescribeListenerCertificates', {
    ListenerArn,
  });
  const others = Certificates.filter(({ IsDefault }) => !IsDefault).map(
    ({ CertificateArn = '' }) => CertificateArn,
  );
  const named = (arns: readonly string[]) => arns.map((CertificateArn) => ({ CertificateArn }));
  const missing = more.filter((arn) => !others.includes(arn));
  const leftover = others.filter((arn) => !more.includes(arn));
  if (missing.length > 0)
    await ask('elasticloadbalancing', 'AddListenerCertificates', {
      ListenerArn,
      Certificates: named(missing),
    });
  if (leftover.length > 0)
    await ask('elasticloadbalancing', 'RemoveListenerCertificates', {
      ...{ ListenerArn, Certificates: named(leftover) },
    });
}

/** Rules have their priorities from 1 on in the wanted order; one that is there as wanted, at its priority, stays. */
async function ensureRules(
  { ask }: Site,
  ListenerArn: string,
  wanted: readonly WantedRule[],
  {
    arns,
    tags,
    told,
  }: { readonly arns: TargetGroupArns; readonly tags: readonly Tag[]; readonly told: Told },
): Promise<void> {
  const { Rules = [] } = await ask('elasticloadbalancing', 'DescribeRules', { ListenerArn });
  const byPriority = new Map(
    Rules.flatMap((rule) => (rule.IsDefault ? [] : [[Number(rule.Priority), rule] as const])),
  );
  for (const [priority, { RuleArn = '' }] of byPriority)
    if (priority > wanted.length) await ask('elasticloadbalancing', 'DeleteRule', { RuleArn });
  for (const [at, rule] of wanted.entries()) {
    const { conditions, transforms } = rule;
    const sent = {
      Conditions: conditions.map(conditionOf),
      Actions: actionsOf(rule, arns),
    };
    const Transforms = transforms.map(transformOf);
    const found = byPriority.get(at + 1);
    let arn = found?.RuleArn ?? '';
    if (found === undefined) {
      const made = await ask('elasticloadbalancing', 'CreateRule', {
        ...{ ListenerArn, Priority: at + 1, ...sent, Tags: [...tags] },
        ...(Transforms.length > 0 && { Transforms }),
      });
      arn = made.Rules?.[0]?.RuleArn ?? '';
    } else if (
      !told.knows(arn, rule) ||
      !isDeepStrictEqual(comparable(found.Actions), comparable(sent.Actions)) ||
      !isDeepStrictEqual(comparable(found.Conditions), comparable(sent.Conditions)) ||
      !isDeepStrictEqual(comparable(found.Transforms), comparable(Transforms))
    )
      await ask('elasticloadbalancing', 'ModifyRule', {
        ...{ RuleArn: arn, ...sent },
        ...(Transforms.length > 0 ? { Transforms } : { ResetTransforms: true }),
      });
    told.note(arn, rule);
  }
}

function actionsOf({ guard, action }: Guarded, arns: TargetGroupArns) {
  const last = actionOf(action, arns);
  return guard === undefined
    ? [last]
    : [
        { ...guardOf(guard), Order: 1 },
        { ...last, Order: 2 },
      ];
}

function guardOf(guard: WantedGuard) {
  if (guard.type === 'jwt-validation') {
    const AdditionalClaims = guard.config.AdditionalClaims.map(({ Values, ...claim }) => ({
      ...{ ...claim, Values: [...Values] },
    }));
    return { Type: guard.type, JwtValidationConfig: { ...guard.config, AdditionalClaims } };
  }
  const { type: Type, config, client } = guard;
  if (client === undefined) throw new Error(`The client of ${guard.secretKey} has not been read`);
  return {
    Type,
    AuthenticateOidcConfig: {
      ...{ ...config, ClientId: client.id, ClientSecret: client.secret },
      AuthenticationRequestExtraParams: { ...config.AuthenticationRequestExtraParams },
    },
  };
}

function actionOf(action: WantedAction, arns: TargetGroupArns) {
  switch (action.type) {
    case 'forward':
      return {
        Type: 'forward' as const,
        ForwardConfig: {
          TargetGroups: action.to.map(({ targetGroup, weight }) => ({
            ...{ TargetGroupArn: arns.get(targetGroup) ?? '', Weight: weight },
          })),
          ...(action.stickinessSeconds !== undefined && {
            TargetGroupStickinessConfig: { Enabled: true, DurationSeconds: action.stickinessSeconds },
          }),
        },
      };
    case 'fixed-response': {
      const { type: Type, ...FixedResponseConfig } = action;
      return { Type, FixedResponseConfig };
    }
    case 'redirect': {
      const { type: Type, ...RedirectConfig } = action;
      return { Type, RedirectConfig };
    }
  }
}

function conditionOf(condition: WantedCondition) {
  const { field: Field } = condition;
  switch (condition.field) {
    case 'host-header':
      return { Field, HostHeaderConfig: textsOf(condition) };
    case 'path-pattern':
      return { Field, PathPatternConfig: textsOf(condition) };
    case 'http-header':
      return { Field, HttpHeaderConfig: { HttpHeaderName: condition.name, ...textsOf(condition) } };
    case 'http-request-method':
      return { Field, HttpRequestMethodConfig: { Values: [...condition.values] } };
    case 'source-ip':
      return { Field, SourceIpConfig: { Values: [...condition.values] } };
    case 'query-string':
      return { Field, QueryStringConfig: { Values: [...condition.values] } };
  }
}

/** Elastic Load Balancing refuses both together. */
const textsOf = ({ values, regexValues }: WantedTexts) => ({
  ...(values.length > 0 && { Values: [...values] }),
  ...(regexValues !== undefined && { RegexValues: [...regexValues] }),
});

function transformOf({ type, rewrites }: WantedTransform) {
  const config = { Rewrites: [...rewrites] };
  return {
    Type: type,
    ...(type === 'url-rewrite' ? { UrlRewriteConfig: config } : { HostHeaderRewriteConfig: config }),
  };
}

/** An action or a condition as Elastic Load Balancing shows it. */
type Shown = object;

/**
 * What of shown and of sent members can be compared: those that are only shown (`Values` beside their `…Config`, a single
 * `TargetGroupArn`, stickiness that is off, the order) are left out, and so are defaults.
 */
function comparable(shown: readonly Shown[] = []): readonly string[] {
  return shown.map((each) => {
    const members = Object.entries(each as Record<string, unknown>).flatMap(([name, value]) => {
      if (!name.endsWith('Config')) return name === 'Type' || name === 'Field' ? [`${name}=${value}`] : [];
      return value === undefined ? [] : [`${name}=${JSON.stringify(significant(name, value))}`];
    });
    return members.sort().join(' ');
  });
}

const redirectDefaults: Readonly<Record<string, string>> = {
  ...{ Protocol: '#{protocol}', Port: '#{port}', Host: '#{host}', Path: '/#{path}', Query: '#{query}' },
};

function significant(name: string, value: unknown): unknown {
  const members = value as Record<string, unknown>;
  if (name === 'ForwardConfig') {
    const { TargetGroupStickinessConfig: stickiness, TargetGroups } = members as {
      readonly TargetGroups?: unknown;
      readonly TargetGroupStickinessConfig?: {
        readonly Enabled?: boolean;
        readonly DurationSeconds?: number;
      };
    };
    return { TargetGroups, ...(stickiness?.Enabled && { sticky: stickiness.DurationSeconds }) };
  }
  if (name === 'AuthenticateOidcConfig') {
    const { ClientSecret: _, ...seen } = members;
    return sorted(seen);
  }
  if (name === 'RedirectConfig') return sorted({ ...redirectDefaults, ...members });
  return sorted(members);
}

const sorted = (members: Record<string, unknown>): unknown =>
  Object.entries(members)
    .filter(([, value]) => value !== undefined)
    .sort(([one], [other]) => (one < other ? -1 : 1));
