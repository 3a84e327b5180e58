import { type Scope, scopeOfArn } from '../arn.ts';
import type { ElbContext } from '../context.ts';
import { invalidConfiguration, validationError } from '../errors.ts';
import { balancerAttribute } from '../load-balancers/balancer-attributes.ts';
import type { LoadBalancerRecord, NodeRecord } from '../records.ts';

/** Where a load balancer's access logs go. */
export interface LogPlace {
  readonly bucket: string;
  /** Without slashes at its ends; may be empty. */
  readonly prefix: string;
}

/** Undefined: it has none. */
export function logPlaceOf(balancer: LoadBalancerRecord): LogPlace | undefined {
  if (balancerAttribute(balancer, 'access_logs.s3.enabled') !== 'true') return undefined;
  return {
    bucket: balancerAttribute(balancer, 'access_logs.s3.bucket'),
    prefix: balancerAttribute(balancer, 'access_logs.s3.prefix').replaceAll(/^\/+|\/+$/g, ''),
  };
}

/** @throws ValidationError logs are enabled, and nobody says where they go. */
export function checkLogPlace(balancer: LoadBalancerRecord): void {
  if (logPlaceOf(balancer)?.bucket === '')
    throw validationError(
      "Load balancer attribute 'access_logs.s3.bucket' must be specified when 'access_logs.s3.enabled' is 'true'",
    );
}

/**
 * Logs that begin, or go elsewhere: AWS writes an object there first, to see that it can.
 * @throws ValidationError, InvalidConfigurationRequest
 */
export function tryLogPlace(
  { writeLogObject, clock }: Pick<ElbContext, 'writeLogObject' | 'clock'>,
  before: LoadBalancerRecord,
  after: LoadBalancerRecord,
): void {
  checkLogPlace(after);
  const place = logPlaceOf(after);
  if (place === undefined || isSamePlace(logPlaceOf(before), place)) return;
  const said = `Enable AccessLog for ELB: ${after.name} at ${new Date(clock.now()).toISOString()}`;
  try {
    writeLogObject(place.bucket, testFileKey(place, scopeOfArn(after.arn)), said);
  } catch {
    throw invalidConfiguration(`Access Denied for bucket: ${place.bucket}. Please check S3bucket permission`);
  }
}

export function isSamePlace(one: LogPlace | undefined, other: LogPlace | undefined): boolean {
  return one?.bucket === other?.bucket && one?.prefix === other?.prefix;
}

/** Of what is written when logs are enabled, to see that it can be. */
function testFileKey({ prefix }: LogPlace, { accountId }: Scope): string {
  return below(prefix, `AWSLogs/${accountId}/ELBAccessLogTestFile`);
}

/** Of what was logged at a node until a moment, in epoch milliseconds. @param suffix What makes it the only one. */
export function logKey(
  { prefix }: LogPlace,
  { accountId, region }: Scope,
  balancer: Pick<LoadBalancerRecord, 'type' | 'name' | 'id' | 'scheme'>,
  node: Pick<NodeRecord, 'privateIpv4' | 'publicIpv4'>,
  endedAt: number,
  suffix: string,
): string {
  const [date = '', time = ''] = new Date(endedAt).toISOString().split('T');
  const end = `${date.replaceAll('-', '')}T${time.slice(0, 5).replace(':', '')}Z`;
  const isApplication = balancer.type === 'application';
  const name = `${isApplication ? 'app' : 'net'}.${balancer.name}.${balancer.id}`;
  const file = [
    ...[accountId, 'elasticloadbalancing', region, name, end],
    ...(isApplication
      ? [(balancer.scheme === 'internet-facing' && node.publicIpv4) || node.privateIpv4]
      : []),
    suffix,
  ].join('_');
  const folder = `AWSLogs/${accountId}/elasticloadbalancing/${region}/${date.replaceAll('-', '/')}`;
  return below(prefix, `${folder}/${file}.log.gz`);
}

const below = (prefix: string, key: string): string => (prefix === '' ? key : `${prefix}/${key}`);
