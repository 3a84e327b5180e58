import { unless } from '../../services/infrastructure.ts';
import type { Site } from './infrastructure.ts';
import type { HealthCheck, WantedTargetGroup } from './model.ts';

type Tag = { readonly Key: string; readonly Value: string };

/** @param named Its name, or its ARN. */
export async function findTargetGroup({ ask }: Pick<Site, 'ask'>, named: string) {
  const sought = named.startsWith('arn:') ? { TargetGroupArns: [named] } : { Names: [named] };
  const found = await unless(['TargetGroupNotFoundException'], () =>
    ask('elasticloadbalancing', 'DescribeTargetGroups', sought),
  );
  return found?.TargetGroups?.[0];
}

/** Makes a target group as it is wanted, with its targets. @returns its ARN. @throws {Refusal} */
export async function ensureTargetGroup(
  site: Site,
  wanted: WantedTargetGroup,
  tags: readonly Tag[],
): Promise<string> {
  const { ask, cluster } = site;
  const present = await findTargetGroup(site, wanted.name);
  const isHttp = wanted.protocol === 'HTTP' || wanted.protocol === 'HTTPS';
  const arn =
    present?.TargetGroupArn ??
    (
      await ask('elasticloadbalancing', 'CreateTargetGroup', {
        ...{ Name: wanted.name, VpcId: cluster.vpcId, Protocol: wanted.protocol, Port: wanted.port },
        ...{ TargetType: wanted.targetType, Tags: [...tags] },
        ...(isHttp && { ProtocolVersion: wanted.protocolVersion ?? 'HTTP1' }),
        ...asSent(wanted.healthCheck, wanted.protocolVersion),
      })
    ).TargetGroups?.[0]?.TargetGroupArn ??
    '';
  if (present !== undefined && !isAsWanted(present, wanted.healthCheck))
    await ask('elasticloadbalancing', 'ModifyTargetGroup', {
      TargetGroupArn: arn,
      ...asSent(wanted.healthCheck, wanted.protocolVersion),
    });
  await ensureAttributes(site, arn, wanted.attributes);
  await ensureTargets(site, arn, wanted);
  return arn;
}

const asSent = ({ codes, ...healthCheck }: HealthCheck, version: WantedTargetGroup['protocolVersion']) => ({
  ...healthCheck,
  ...(codes !== undefined && { Matcher: version === 'GRPC' ? { GrpcCode: codes } : { HttpCode: codes } }),
});

const isAsWanted = (
  present: Partial<Record<keyof Omit<HealthCheck, 'codes'>, unknown>> & {
    readonly Matcher?:
      | { readonly HttpCode?: string | undefined; readonly GrpcCode?: string | undefined }
      | undefined;
  },
  { codes, ...healthCheck }: HealthCheck,
): boolean =>
  (codes === undefined || (present.Matcher?.HttpCode ?? present.Matcher?.GrpcCode) === codes) &&
  Object.entries(healthCheck).every(([name, value]) => present[name as keyof typeof healthCheck] === value);

async function ensureAttributes(
  { ask }: Site,
  TargetGroupArn: string,
  wanted: Readonly<Record<string, string>>,
): Promise<void> {
  if (Object.keys(wanted).length === 0) return;
  const { Attributes: present = [] } = await ask('elasticloadbalancing', 'DescribeTargetGroupAttributes', {
    TargetGroupArn,
  });
  const Attributes = differing(present, wanted);
  if (Attributes.length > 0)
    await ask('elasticloadbalancing', 'ModifyTargetGroupAttributes', { TargetGroupArn, Attributes });
}

/** What has to be written so that attributes are as wanted; those that nobody names stay. */
export function differing(
  present: readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[],
  wanted: Readonly<Record<string, string>>,
): { Key: string; Value: string }[] {
  const values = new Map(present.map(({ Key, Value }) => [Key, Value]));
  return Object.entries(wanted).flatMap(([Key, Value]) =>
    values.get(Key) === Value ? [] : [{ Key, Value }],
  );
}

/** Registers what is missing and deregisters what is not wanted. @throws {Refusal} */
export async function ensureTargets(
  { ask }: Site,
  TargetGroupArn: string,
  wanted: Pick<WantedTargetGroup, 'targets'>,
): Promise<void> {
  const { TargetHealthDescriptions = [] } = await ask('elasticloadbalancing', 'DescribeTargetHealth', {
    TargetGroupArn,
  });
  const name = ({ id, port }: { readonly id: string; readonly port: number }): string => `${id}:${port}`;
  const present = TargetHealthDescriptions.flatMap(({ Target, TargetHealth }) =>
    TargetHealth?.State === 'draining' ? [] : [{ id: Target?.Id ?? '', port: Target?.Port ?? 0 }],
  );
  const presentNames = new Set(present.map(name));
  const wantedNames = new Set(wanted.targets.map(name));
  const asTargets = (targets: readonly { readonly id: string; readonly port: number }[]) =>
    targets.map(({ id, port }) => ({ Id: id, Port: port }));
  const missing = wanted.targets.filter((target) => !presentNames.has(name(target)));
  const leftover = present.filter((target) => !wantedNames.has(name(target)));
  if (missing.length > 0)
    await ask('elasticloadbalancing', 'RegisterTargets', { TargetGroupArn, Targets: asTargets(missing) });
  if (leftover.length > 0)
    await ask('elasticloadbalancing', 'DeregisterTargets', { TargetGroupArn, Targets: asTargets(leftover) });
}

/** @returns whether it is gone; not while a listener sends to it. */
export async function removeTargetGroup({ ask }: Site, TargetGroupArn: string): Promise<boolean> {
  const answer = await unless(['ResourceInUseException'], async () => {
    await unless(['TargetGroupNotFoundException'], () =>
      ask('elasticloadbalancing', 'DeleteTargetGroup', { TargetGroupArn }),
    );
    return 'gone';
  });
  return answer !== undefined;
}
