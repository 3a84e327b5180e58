import { hex, type Random, uuid } from '../../clock/index.ts';

/** Which account and region something is meant in. */
export interface Scope {
  readonly accountId: string;
  readonly region: string;
}

/** The service that a scalable target scales, by names. */
export interface TargetName {
  readonly cluster: string;
  readonly service: string;
}

/** As requests name a target. */
export const resourceIdOf = ({ cluster, service }: TargetName): string => `service/${cluster}/${service}`;

/** Undefined: it names no ECS service. */
export function readResourceId(resourceId = ''): TargetName | undefined {
  const [, cluster, service] = /^service\/([\w-]{1,255})\/([\w-]{1,255})$/.exec(resourceId) ?? [];
  return cluster === undefined || service === undefined ? undefined : { cluster, service };
}

/** @param id `*` for any target. */
export const scalableTargetArn = ({ region, accountId }: Scope, id: string): string =>
  `arn:aws:application-autoscaling:${region}:${accountId}:scalable-target/${id}`;

/** The id in a scalable target's ARN; undefined for anything else, and for what is another's. */
export function readTargetArn(scope: Scope, arn: string): string | undefined {
  const prefix = scalableTargetArn(scope, '');
  const id = arn.startsWith(prefix) ? arn.slice(prefix.length) : '';
  return /^[0-9a-f]{36}$/.test(id) ? id : undefined;
}

/** The path on which policies and scheduled actions of a target are. */
const resource = (target: TargetName): string => `resource/ecs/${resourceIdOf(target)}`;

export const policyArn = (
  { region, accountId }: Scope,
  target: TargetName,
  { id, name }: { readonly id: string; readonly name: string },
): string =>
  `arn:aws:autoscaling:${region}:${accountId}:scalingPolicy:${id}:${resource(target)}:policyName/${name}`;

export const scheduledActionArn = (
  { region, accountId }: Scope,
  target: TargetName,
  { id, name }: { readonly id: string; readonly name: string },
): string =>
  `arn:aws:autoscaling:${region}:${accountId}:scheduledAction:${id}:${resource(target)}:scheduledActionName/${name}`;

/** The target of a policy, with its account and Region; undefined for anything else. */
export function readPolicyArn(
  arn: string,
): { readonly scope: Scope; readonly target: TargetName } | undefined {
  const [, region, accountId, resourceId] =
    /^arn:aws:autoscaling:([\w-]+):(\d{12}):scalingPolicy:[0-9a-f-]{36}:resource\/ecs\/(service\/[\w-]+\/[\w-]+):/.exec(
      arn,
    ) ?? [];
  const target = readResourceId(resourceId);
  if (region === undefined || accountId === undefined || target === undefined) return undefined;
  return { scope: { accountId, region }, target };
}

/** 36 hexadecimal digits, e.g. `0ec5ec5a1b2c3d4e5f60718293a4b5c6d7e8`. */
export const newTargetId = (random: Random): string => hex(random, 36);

export const newId = (random: Random): string => uuid(random);
