import type {
  DiscoverInstancesCommandInput,
  DiscoverInstancesResponse,
  DiscoverInstancesRevisionCommandInput,
  DiscoverInstancesRevisionResponse,
} from '@aws-sdk/client-servicediscovery';
import type { Random } from '../../../clock/index.ts';
import type { Reader } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import type { Scope } from '../arn.ts';
import type { CloudMapContext } from '../context.ts';
import { namespaceNotFound, serviceNotFound } from '../errors.ts';
import { healthOf, healthyOrElseAll } from '../health.ts';
import { checkAttributes, constraints, refuseOtherOwner, serviceNamePattern } from '../input.ts';
import { RateLimit } from '../rate-limit.ts';
import {
  type InstanceRecord,
  type NamespaceRecord,
  namespaces,
  type ServiceRecord,
  scopeText,
  serviceNameIndex,
  services,
} from '../records.ts';
import { instancesOf } from './instance.ts';

const defaultCount = 100;
const statuses = ['HEALTHY', 'UNHEALTHY', 'ALL', 'HEALTHY_OR_ELSE_ALL'] as const;

/** Both, with how often they may be asked. */
export function discovery({ state, clock, random }: CloudMapContext) {
  const instancesRate = new RateLimit('DiscoverInstances', { perSecond: 1_000, burst: 2_000 });
  const revisionRate = new RateLimit('DiscoverInstancesRevision', { perSecond: 3_000, burst: 3_000 });
  return {
    discoverInstances: (input: DiscoverInstancesCommandInput, call: Call): DiscoverInstancesResponse => {
      instancesRate.take(call, clock.monotonic());
      return discoverInstances(state, random, input, call);
    },
    discoverInstancesRevision: (
      input: DiscoverInstancesRevisionCommandInput,
      call: Call,
    ): DiscoverInstancesRevisionResponse => {
      revisionRate.take(call, clock.monotonic());
      check(input);
      refuseOtherOwner(call, input.OwnerAccount);
      return { InstancesRevision: requireNamed(state, call, input).service.instancesRevision };
    },
  };
}

function discoverInstances(
  reader: Reader,
  random: Random,
  input: DiscoverInstancesCommandInput,
  call: Call,
): DiscoverInstancesResponse {
  check(input);
  const { QueryParameters = {}, OptionalParameters = {}, HealthStatus = 'HEALTHY', MaxResults } = input;
  constraints()
    .number('maxResults', MaxResults, { min: 1, max: 1_000 })
    .text('healthStatus', HealthStatus, { oneOf: statuses })
    .throwIfViolated();
  checkAttributes('queryParameters', QueryParameters);
  checkAttributes('optionalParameters', OptionalParameters);
  refuseOtherOwner(call, input.OwnerAccount);
  const { namespace, service } = requireNamed(reader, call, input);
  const matching = instancesOf(reader, service.id).filter((instance) => has(instance, QueryParameters));
  const preferred = matching.filter((instance) => has(instance, OptionalParameters));
  const found = withStatus(service, preferred.length > 0 ? preferred : matching, HealthStatus, call.now);
  return {
    Instances: shuffled(found, random)
      .slice(0, MaxResults ?? defaultCount)
      .map((instance) => ({
        InstanceId: instance.id,
        NamespaceName: namespace.httpName,
        ServiceName: service.name,
        HealthStatus: healthOf(service, instance, call.now),
        Attributes: { ...instance.attributes },
      })),
    InstancesRevision: service.instancesRevision,
  };
}

interface Names {
  readonly NamespaceName: string | undefined;
  readonly ServiceName: string | undefined;
}

function check({ NamespaceName, ServiceName }: Names): void {
  constraints()
    .text('namespaceName', NamespaceName, { isRequired: true, maxLength: 1024, pattern: '[!-~]{1,1024}' })
    .text('serviceName', ServiceName, { isRequired: true, pattern: serviceNamePattern })
    .throwIfViolated();
}

export interface Named {
  readonly namespace: NamespaceRecord | undefined;
  readonly service: ServiceRecord | undefined;
}

/** What the names of a request lead to. */
export function findNamed(
  reader: Reader,
  scope: Scope,
  { NamespaceName = '', ServiceName = '' }: Names,
): Named {
  const namespace = reader.byIndex(namespaces, 'httpName', `${scopeText(scope)} ${NamespaceName}`)[0]?.value;
  if (namespace === undefined) return { namespace, service: undefined };
  const named = reader.byIndex(services, 'name', serviceNameIndex(namespace.id, ServiceName));
  return { namespace, service: named.find(({ value }) => value.name === ServiceName)?.value };
}

function requireNamed(reader: Reader, scope: Scope, names: Names) {
  const { namespace, service } = findNamed(reader, scope, names);
  if (namespace === undefined) throw namespaceNotFound(names.NamespaceName ?? '');
  if (service === undefined) throw serviceNotFound(names.ServiceName ?? '');
  return { namespace, service };
}

function has({ attributes }: InstanceRecord, wanted: Readonly<Record<string, string>>): boolean {
  return Object.entries(wanted).every(([key, value]) => attributes[key] === value);
}

/** Of a service that nobody checks all count. */
function withStatus(
  service: ServiceRecord,
  found: readonly InstanceRecord[],
  status: string,
  now: number,
): readonly InstanceRecord[] {
  if (!service.hasCustomHealthCheck || status === 'ALL') return found;
  if (status === 'HEALTHY_OR_ELSE_ALL') return healthyOrElseAll(service, found, now);
  return found.filter((instance) => healthOf(service, instance, now) === status);
}

/** Whoever takes the first shares the load (Fisher and Yates). */
function shuffled<T>(items: readonly T[], random: Random): T[] {
  const left = [...items];
  const taken: T[] = [];
  while (left.length > 0) taken.push(...left.splice(random.integer(left.length), 1));
  return taken;
}
