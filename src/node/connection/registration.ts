import type { Attribute, Resource } from '@aws-sdk/client-ecs';
import { type Clock, type Random, uuid } from '../../clock/index.ts';
import type { Log } from '../../log.ts';
import type { InstanceOptions } from '../agent-options.ts';
import { BackOff, isPassing, retry } from '../back-off.ts';
import type { StateFile } from '../state/state-file.ts';
import type { EcsApi } from './ecs-api.ts';

export interface Registration {
  readonly containerInstanceArn: string;
  readonly availabilityZone?: string;
}

/**
 * Makes this machine a container instance, or tells the control plane that the instance it knows is back. Waits for
 * a control plane that is away as long as it takes.
 * @throws {Error} when the control plane refuses: trying again would change nothing.
 */
export async function register(options: RegistrationOptions): Promise<Registration> {
  const { state, cluster, instance, capabilities, clock, random, log, signal } = options;
  const knownCluster = state.read('cluster');
  if (knownCluster !== undefined && knownCluster !== cluster) {
    throw new Error(
      `The agent's state belongs to cluster '${knownCluster}', not '${cluster}': give this instance its own state directory`,
    );
  }
  const knownArn = state.read('container-instance-arn');
  // "Custom attributes are sent with the first registration only": later they belong to whoever changed them.
  const custom = knownArn === undefined ? customAttributes(instance) : [];
  const attributes = [...custom, ...capabilities];
  // Written down before it is used: killed before it knows its ARN, the next agent asks for the same instance again.
  const clientToken = state.read('registration-token') ?? uuid(random);
  state.write('registration-token', clientToken);

  const answer = await retry(() => registerOnce(options, { knownArn, attributes, clientToken }), {
    backOff: new BackOff({ leastMs: 250, mostMs: 30_000 }, random),
    clock,
    signal,
    isRetryable: isPassing,
    onFailure: (error, delayMs) =>
      log.warn('The control plane does not take the registration: trying again', { error, delayMs }),
  }).catch((error: unknown) => {
    signal.throwIfAborted();
    throw new Error(
      `Container instance '${instance.id}' cannot be registered with cluster '${cluster}': ${error instanceof Error ? error.message : error}`,
      { cause: error },
    );
  });

  assertEchoed(attributes, answer.attributes);
  state.write('cluster', cluster);
  state.write('container-instance-arn', answer.containerInstanceArn);
  const availabilityZone = answer.attributes.find(({ name }) => name === 'ecs.availability-zone')?.value;
  return { containerInstanceArn: answer.containerInstanceArn, ...(availabilityZone && { availabilityZone }) };
}

async function registerOnce(
  { api, cluster, instance, signal }: RegistrationOptions,
  {
    knownArn,
    attributes,
    clientToken,
  }: {
    readonly knownArn: string | undefined;
    readonly attributes: Attribute[];
    readonly clientToken: string;
  },
): Promise<Awaited<ReturnType<EcsApi['registerContainerInstance']>>> {
  const input = {
    cluster,
    ...(knownArn && { containerInstanceArn: knownArn }),
    attributes,
    totalResources: totalResources(instance),
    instanceIdentityDocument: identityDocument(instance),
    clientToken,
  };
  try {
    return await api.registerContainerInstance(input, signal);
  } catch (error) {
    const isMissing = error instanceof Error && error.name === 'ClusterNotFoundException';
    if (!isMissing || cluster !== 'default') throw error;
    await api.createCluster(cluster, signal);
    return api.registerContainerInstance(input, signal);
  }
}

/**
 * Of EC2's document what is known here: where the instance is, its id, and the address at which its ports are reached. EC2
 * learns of it by this registration. A host for Fargate tasks is none.
 */
function identityDocument({ id: instanceId, availabilityZone, address, fargate }: InstanceOptions): string {
  const known = {
    ...(availabilityZone !== undefined && { availabilityZone }),
    ...(address !== undefined && fargate === undefined && { instanceId, privateIp: address }),
  };
  // Empty, as agents outside EC2 send it.
  return Object.keys(known).length === 0 ? '' : JSON.stringify(known);
}

function totalResources({ resources }: InstanceOptions): Resource[] {
  return [
    { name: 'CPU', type: 'INTEGER', integerValue: resources.cpuUnits },
    { name: 'MEMORY', type: 'INTEGER', integerValue: resources.memoryMiB },
    { name: 'PORTS', type: 'STRINGSET', stringSetValue: resources.reservedTcpPorts.map(String) },
    { name: 'PORTS_UDP', type: 'STRINGSET', stringSetValue: resources.reservedUdpPorts.map(String) },
  ];
}

const customAttributes = (instance: InstanceOptions): Attribute[] =>
  Object.entries(instance.attributes ?? {}).map(([name, value]) => ({
    name,
    ...(value !== '' && { value }),
  }));

/** As the official agent: an instance whose attributes the control plane does not have would be placed wrongly. */
function assertEchoed(sent: readonly Attribute[], returned: readonly Attribute[]): void {
  const missing = sent.filter(
    ({ name, value }) =>
      !returned.some((other) => other.name === name && (other.value ?? '') === (value ?? '')),
  );
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => `'${name}'`).join(', ');
  throw new Error(`The control plane did not take the attributes ${names} of this container instance`);
}

export interface RegistrationOptions {
  readonly api: EcsApi;
  readonly state: StateFile;
  readonly cluster: string;
  readonly instance: InstanceOptions;
  readonly capabilities: readonly Attribute[];
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly signal: AbortSignal;
}
