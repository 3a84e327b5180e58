import { isIPv4, isIPv6 } from 'node:net';
import { excessOf } from './input.ts';
import type { InstanceHealth, ServiceRecord, Tags } from './records.ts';

/** What instances say of themselves in attributes that Cloud Map understands. */
const known = {
  AWS_INSTANCE_IPV4: { is: isIPv4, what: 'an IPv4 address' },
  AWS_INSTANCE_IPV6: { is: isIPv6, what: 'an IPv6 address' },
  AWS_INSTANCE_PORT: { is: isPort, what: 'a port from 1 to 65535' },
  AWS_INSTANCE_CNAME: { is: isDomainName, what: 'a domain name' },
  AWS_INIT_HEALTH_STATUS: {
    is: (value: string) => /^(UN)?HEALTHY$/.test(value),
    what: 'HEALTHY or UNHEALTHY',
  },
} as const;
type KnownKey = keyof typeof known;
const isKnown = (key: string): key is KnownKey => Object.hasOwn(known, key);

const notBuilt: Readonly<Record<string, string>> = {
  AWS_ALIAS_DNS_NAME: 'Aliases of load balancers are',
  AWS_EC2_INSTANCE_ID: 'Addresses of EC2 instances by their id are',
};

/** @returns what is wrong with an instance of the service, in a sentence. */
export function checkInstance(service: ServiceRecord, id: string, attributes: Tags): string | undefined {
  for (const [key, value] of Object.entries(attributes)) {
    const wrong = checkAttribute(key, value);
    if (wrong !== undefined) return wrong;
  }
  if (attributes.AWS_INIT_HEALTH_STATUS !== undefined && !service.hasCustomHealthCheck) {
    return 'AWS_INIT_HEALTH_STATUS is only for services with HealthCheckCustomConfig.';
  }
  const custom = Object.keys(attributes).filter((key) => !isKnown(key));
  return excessOf(attributes, custom) ?? checkRecords(service, id, attributes);
}

function checkAttribute(key: string, value: string): string | undefined {
  const reason = Object.hasOwn(notBuilt, key) ? notBuilt[key] : undefined;
  if (reason !== undefined) return `${reason} not supported by this version of Catamaran yet: ${key}.`;
  if (isKnown(key))
    return known[key].is(value) ? undefined : `The value of ${key} must be ${known[key].what}.`;
  return key.startsWith('AWS_') ? `Attributes that begin with AWS_ are Cloud Map's own: ${key}.` : undefined;
}

/** What the service's records take from the instance. */
function checkRecords({ dns }: ServiceRecord, id: string, attributes: Tags): string | undefined {
  for (const { type } of dns?.records ?? []) {
    const missing = needed(type, attributes);
    if (missing !== undefined)
      return `${missing} is required, because the service has a record of type ${type}.`;
    if (type === 'SRV' && !isDomainName(id)) {
      return 'The id of the instance must be fit for a domain name, because the service has a record of type SRV.';
    }
  }
  return undefined;
}

function needed(type: 'A' | 'AAAA' | 'CNAME' | 'SRV', attributes: Tags): string | undefined {
  const lacks = (key: KnownKey): boolean => attributes[key] === undefined;
  switch (type) {
    case 'A':
      return lacks('AWS_INSTANCE_IPV4') ? 'AWS_INSTANCE_IPV4' : undefined;
    case 'AAAA':
      return lacks('AWS_INSTANCE_IPV6') ? 'AWS_INSTANCE_IPV6' : undefined;
    case 'CNAME':
      return lacks('AWS_INSTANCE_CNAME') ? 'AWS_INSTANCE_CNAME' : undefined;
    case 'SRV':
      if (lacks('AWS_INSTANCE_PORT')) return 'AWS_INSTANCE_PORT';
      return lacks('AWS_INSTANCE_IPV4') && lacks('AWS_INSTANCE_IPV6')
        ? 'AWS_INSTANCE_IPV4 or AWS_INSTANCE_IPV6'
        : undefined;
  }
}

export function initialHealth(attributes: Tags): InstanceHealth {
  return { status: attributes.AWS_INIT_HEALTH_STATUS === 'UNHEALTHY' ? 'UNHEALTHY' : 'HEALTHY' };
}

function isPort(value: string): boolean {
  return /^[1-9]\d{0,4}$/.test(value) && Number(value) <= 65_535;
}

function isDomainName(value: string): boolean {
  const name = value.replace(/\.$/, '');
  return name.length <= 253 && name.split('.').every((label) => /^[a-zA-Z0-9_-]{1,63}$/.test(label));
}
