import { isDeepStrictEqual } from 'node:util';
import type {
  CreateServiceCommandInput,
  CreateServiceResponse,
  DnsConfig,
} from '@aws-sdk/client-servicediscovery';
import { uuid } from '../../../clock/index.ts';
import type { Transaction } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import { arnOf, newId } from '../arn.ts';
import { type CloudMapContext, requireNamespace } from '../context.ts';
import { invalidInput, serviceAlreadyExists, unsupported } from '../errors.ts';
import { checkTtl, constraints, readTags, serviceNamePattern } from '../input.ts';
import {
  type NamespaceRecord,
  namespaceKey,
  namespaces,
  recordTypes,
  type ServiceDnsRecord,
  type ServiceRecord,
  serviceKey,
  serviceNameIndex,
  services,
} from '../records.ts';
import { serviceOf } from './service-view.ts';

/** The combinations of records that a service can have (API reference, DnsRecord). */
const combinations = ['A', 'AAAA', 'A,AAAA', 'SRV', 'CNAME'];

export async function createService(
  { state, random }: CloudMapContext,
  input: CreateServiceCommandInput,
  call: Call,
): Promise<CreateServiceResponse> {
  check(input);
  const { Name: name = '', Description, CreatorRequestId } = input;
  const namespaceId = namespaceIdOf(input);
  const tags = readTags(name, input.Tags);
  const id = newId(random, 'srv');
  const creatorRequestId = CreatorRequestId ?? uuid(random);
  const made = await state.transact((tx) => {
    const namespace = requireNamespace(tx, call, namespaceId);
    const dns = dnsOf(namespace, input);
    const service: ServiceRecord = {
      ...{ id, name, namespaceId: namespace.id },
      ...(Description === undefined ? {} : { description: Description }),
      ...(dns && { dns }),
      hasCustomHealthCheck: input.HealthCheckCustomConfig !== undefined,
      ...{ attributes: {}, instancesRevision: 1, creatorRequestId, createdBy: call.accountId },
      ...{ createdAt: call.now, tags },
    };
    const present = sameName(tx, namespace, name);
    if (present !== undefined) {
      if (isSameRequest(present, service)) return present;
      throw serviceAlreadyExists(present.id, arnOf(call, 'service', present.id), present.creatorRequestId);
    }
    tx.put(namespaces, namespaceKey(call, namespace.id), {
      ...namespace,
      serviceCount: namespace.serviceCount + 1,
    });
    tx.put(services, serviceKey(call, id), service);
    return service;
  });
  return { Service: serviceOf(state, call, made) };
}

function check(input: CreateServiceCommandInput): void {
  const checked = constraints()
    .text('name', input.Name, { isRequired: true, pattern: serviceNamePattern })
    .text('description', input.Description, { maxLength: 1024 })
    .text('creatorRequestId', input.CreatorRequestId, { maxLength: 64 })
    .text('type', input.Type, { oneOf: ['HTTP'] })
    .number('healthCheckCustomConfig.failureThreshold', input.HealthCheckCustomConfig?.FailureThreshold, {
      min: 1,
      max: 10,
    })
    .text('dnsConfig.routingPolicy', input.DnsConfig?.RoutingPolicy, { oneOf: ['MULTIVALUE', 'WEIGHTED'] });
  for (const [index, { Type, TTL }] of (input.DnsConfig?.DnsRecords ?? []).entries()) {
    checked.text(`dnsConfig.dnsRecords.${index + 1}.member.type`, Type, {
      isRequired: true,
      oneOf: recordTypes,
    });
    checkTtl(checked, `dnsConfig.dnsRecords.${index + 1}.member.tTL`, TTL);
  }
  checked.throwIfViolated();
  if (input.HealthCheckConfig !== undefined && input.HealthCheckCustomConfig !== undefined) {
    throw invalidInput('Specify either HealthCheckConfig or HealthCheckCustomConfig, not both.');
  }
}

function namespaceIdOf({ NamespaceId, DnsConfig }: CreateServiceCommandInput): string {
  const id = NamespaceId ?? DnsConfig?.NamespaceId;
  if (id === undefined) throw invalidInput('NamespaceId is required.');
  if (DnsConfig?.NamespaceId !== undefined && DnsConfig.NamespaceId !== id) {
    throw invalidInput('NamespaceId and DnsConfig.NamespaceId name different namespaces.');
  }
  return id;
}

/** @throws InvalidInput The namespace and the settings don't go together. */
function dnsOf(namespace: NamespaceRecord, input: CreateServiceCommandInput): ServiceDnsRecord | undefined {
  const { DnsConfig, HealthCheckConfig, Type } = input;
  if (HealthCheckConfig !== undefined) {
    if (namespace.type === 'DNS_PRIVATE') {
      throw invalidInput(
        'HealthCheckConfig is not supported for private DNS namespaces: use HealthCheckCustomConfig.',
      );
    }
    throw unsupported('Health checks by Route 53 (HealthCheckConfig; HealthCheckCustomConfig is) are');
  }
  if (namespace.type === 'HTTP') {
    if (DnsConfig !== undefined) throw invalidInput('DnsConfig is not supported for HTTP namespaces.');
    return undefined;
  }
  if (Type === 'HTTP') {
    if (DnsConfig !== undefined) throw invalidInput('DnsConfig is not supported for services of type HTTP.');
    return undefined;
  }
  if (DnsConfig === undefined)
    throw invalidInput('DnsConfig is required for DNS namespaces, unless Type is HTTP.');
  return readDns(DnsConfig);
}

function readDns({ RoutingPolicy, DnsRecords = [] }: DnsConfig): ServiceDnsRecord {
  const records = DnsRecords.flatMap(({ Type, TTL = 0 }) =>
    Type === undefined ? [] : [{ type: Type, ttl: TTL }],
  );
  const types = records.map(({ type }) => type).sort();
  if (!combinations.includes(types.join(','))) {
    throw invalidInput(
      `DnsRecords can be of the types ${combinations.join('; ')}, and not ${types.join(',') || 'none'}.`,
    );
  }
  const routingPolicy = RoutingPolicy ?? 'MULTIVALUE';
  if (types.includes('CNAME') && routingPolicy !== 'WEIGHTED') {
    throw invalidInput('The routing policy of a service with a CNAME record must be WEIGHTED.');
  }
  return { routingPolicy, records };
}

/** In a DNS namespace, names that differ by case only are one name. */
function sameName(tx: Transaction, { id, type }: NamespaceRecord, name: string): ServiceRecord | undefined {
  const named = tx.byIndex(services, 'name', serviceNameIndex(id, name)).map(({ value }) => value);
  return type === 'HTTP' ? named.find((each) => each.name === name) : named[0];
}

/** The same request once more is answered with what the first one made. */
function isSameRequest(present: ServiceRecord, asked: ServiceRecord): boolean {
  const settings = ({ name, description, dns, hasCustomHealthCheck, creatorRequestId }: ServiceRecord) => ({
    ...{ name, description, dns, hasCustomHealthCheck, creatorRequestId },
  });
  return isDeepStrictEqual(settings(present), settings(asked));
}
