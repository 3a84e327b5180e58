import { digits, hex, type Random } from '../../clock/index.ts';

/** Which account and region something is meant in. */
export interface Scope {
  readonly accountId: string;
  readonly region: string;
}

/** As ARNs name what there is. */
export type ResourceType = 'loadbalancer' | 'listener' | 'listener-rule' | 'targetgroup';

export type LoadBalancerType = 'application' | 'network';

/** The 16 digits at the end of an ARN. */
export const newId = (random: Random): string => hex(random, 16);

/** As ARNs name the type of a load balancer. */
const shortType: Readonly<Record<LoadBalancerType, string>> = { application: 'app', network: 'net' };

const prefixOf = ({ region, accountId }: Scope): string =>
  `arn:aws:elasticloadbalancing:${region}:${accountId}:`;

export interface NamedLoadBalancer {
  readonly type: LoadBalancerType;
  readonly name: string;
  readonly id: string;
}

/** `app/web/50dc6c495c0c9188` */
export const loadBalancerPath = ({ type, name, id }: NamedLoadBalancer): string =>
  `${shortType[type]}/${name}/${id}`;

export const loadBalancerArn = (scope: Scope, balancer: NamedLoadBalancer): string =>
  `${prefixOf(scope)}loadbalancer/${loadBalancerPath(balancer)}`;

export const targetGroupArn = (scope: Scope, name: string, id: string): string =>
  `${prefixOf(scope)}targetgroup/${name}/${id}`;

export const listenerArn = (ofBalancer: string, id: string): string =>
  `${ofBalancer.replace(':loadbalancer/', ':listener/')}/${id}`;

export const ruleArn = (ofListener: string, id: string): string =>
  `${ofListener.replace(':listener/', ':listener-rule/')}/${id}`;

/** Of the listener that a rule's ARN says it is a rule of. */
export const listenerOfRule = (arn: string): string =>
  arn.replace(':listener-rule/', ':listener/').slice(0, -(1 + 16));

/** Whose ARN a text is, in this account and region; undefined: of something else, or of somebody else's. */
export function readArn(
  scope: Scope,
  arn: string,
): { readonly type: ResourceType; readonly id: string } | undefined {
  const prefix = prefixOf(scope);
  if (!arn.startsWith(prefix)) return undefined;
  const [type = '', ...path] = arn.slice(prefix.length).split('/');
  const id = path.at(-1) ?? '';
  if (!/^[0-9a-f]{16}$/.test(id) || path.length !== partsOf[type as ResourceType]) return undefined;
  return { type: type as ResourceType, id };
}

const partsOf: Readonly<Record<ResourceType, number>> = {
  loadbalancer: 3,
  listener: 4,
  'listener-rule': 5,
  targetgroup: 2,
};

/** What a load balancer is reached by. Its nodes' addresses are what the name is answered with. */
export function newDnsName(
  random: Random,
  { region }: Scope,
  { type, name, id, isInternal }: NamedLoadBalancer & { readonly isInternal: boolean },
): string {
  if (type === 'network') return `${name}-${id}.elb.${region}.amazonaws.com`;
  return `${isInternal ? 'internal-' : ''}${name}-${digits(random, 10)}.${region}.elb.amazonaws.com`;
}

/** Whose an ARN of this service is. */
export function scopeOfArn(arn: string): Scope {
  const [, , , region = '', accountId = ''] = arn.split(':');
  return { accountId, region };
}
