import { type AttributeRule, boolean, choice, integer, only, textLike } from '../attribute-rules.ts';
import type { LoadBalancerRecord } from '../records.ts';

type Balancer = Pick<LoadBalancerRecord, 'type' | 'scheme'>;
type Rules = Readonly<Record<string, AttributeRule<Balancer>>>;

/** Or none. https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
const bucketName = /^$|^(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
/** A bucket is a folder here, so no part leads out of it or is too long for one. */
const keyPart = String.raw`(?!\.{1,2}(?:/|$))[\w!.*'()-]{1,200}`;
/** Each part has its slash: what might be divided anywhere would be tried everywhere. */
const keyPrefix = new RegExp(`^(?!.*AWSLogs)/?(?:${keyPart}(?:/${keyPart}){0,9})?/?$`);

const ofBoth: Rules = {
  'access_logs.s3.enabled': boolean('false'),
  'access_logs.s3.bucket': textLike('', bucketName, 'the name of a bucket'),
  'access_logs.s3.prefix': textLike('', keyPrefix, "the beginning of a key without 'AWSLogs'"),
  'deletion_protection.enabled': boolean('false'),
  'ipv6.deny_all_igw_traffic': only(
    ({ scheme }: Balancer) => (scheme === 'internal' ? 'true' : 'false'),
    'IPv6 addresses are',
  ),
  'zonal_shift.config.enabled': only('false', 'Zonal shifts are'),
};

const ofApplication: Rules = {
  'client_keep_alive.seconds': integer('3600', 60, 604_800),
  'connection_logs.s3.enabled': only('false', 'Connection logs are'),
  'connection_logs.s3.bucket': only('', 'Connection logs are'),
  'connection_logs.s3.prefix': only('', 'Connection logs are'),
  'health_check_logs.s3.enabled': only('false', 'Health check logs are'),
  'health_check_logs.s3.bucket': only('', 'Health check logs are'),
  'health_check_logs.s3.prefix': only('', 'Health check logs are'),
  'idle_timeout.timeout_seconds': integer('60', 1, 4_000),
  'load_balancing.cross_zone.enabled': choice('true', ['true']),
  'routing.http.desync_mitigation_mode': only('defensive', 'Other modes of desync mitigation are'),
  'routing.http.drop_invalid_header_fields.enabled': boolean('false'),
  'routing.http.preserve_host_header.enabled': boolean('false'),
  'routing.http.x_amzn_tls_version_and_cipher_suite.enabled': boolean('false'),
  'routing.http.xff_client_port.enabled': boolean('false'),
  'routing.http.xff_header_processing.mode': choice('append', ['append', 'preserve', 'remove']),
  'routing.http2.enabled': boolean('true'),
  'waf.fail_open.enabled': only('false', 'Web ACLs are'),
};

const ofNetwork: Rules = {
  'dns_record.client_routing_policy': only('any_availability_zone', 'Other client routing policies are'),
  'load_balancing.cross_zone.enabled': boolean('false'),
  'secondary_ips.auto_assigned.per_subnet': only('0', 'Secondary addresses of load balancers are'),
};

/** What can be set of a load balancer, by AWS's keys, with what it is by default (guide, "Load balancer attributes"). */
export const balancerAttributeRules = ({ type }: Balancer): Rules => ({
  ...ofBoth,
  ...(type === 'application' ? ofApplication : ofNetwork),
});

/** As it was set, or by default. */
export function balancerAttribute(
  balancer: Balancer & Pick<LoadBalancerRecord, 'attributes'>,
  key: string,
): string {
  return balancer.attributes[key] ?? balancerAttributeRules(balancer)[key]?.byDefault(balancer) ?? '';
}
