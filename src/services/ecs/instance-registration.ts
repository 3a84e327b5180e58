import { isIPv4 } from 'node:net';
import type {
  Attribute,
  PlatformDevice,
  RegisterContainerInstanceCommandInput,
  Resource,
} from '@aws-sdk/client-ecs';
import type { Scope } from './arn.ts';
import { clientError, invalidParameter } from './errors.ts';
import { given } from './given.ts';
import type { ContainerInstanceRecord, InstanceAttribute, InstanceResource } from './records.ts';
import { validateTags } from './tags.ts';

/** What an agent says of its machine when it registers. */
export type Registration = Pick<
  ContainerInstanceRecord,
  'registeredResources' | 'attributes' | 'versionInfo' | 'tags'
> & {
  readonly ec2InstanceId?: string;
  readonly capacityProviderName?: string;
};

/**
 * Names the capacity provider that an instance belongs to. Of EC2's instances ECS knows that from their Auto Scaling
 * group; an operator says it when adding one.
 */
const capacityProviderAttribute = 'catamaran.capacity-provider';

/**
 * A machine of the installation, which says as which instance and at which address it is reached. What names an image was
 * made by another EC2 than the one that is here.
 */
export interface RegisteredMachine {
  readonly instanceId: string;
  readonly privateIp: string;
}

const instanceIdForm = /^i-[0-9a-f]{17}$/;

const isLoopback = (ipv4: string): boolean => ipv4.startsWith('127.');

/** @returns `machine` where it is to be one of EC2's instances here. @throws InvalidParameterException */
export function readRegistration(
  scope: Scope,
  input: RegisterContainerInstanceCommandInput,
): { readonly registration: Registration; readonly machine?: RegisteredMachine } {
  const identity = readIdentity(scope, input.instanceIdentityDocument);
  const { agentVersion, agentHash, dockerVersion } = input.versionInfo ?? {};
  const attributes = (input.attributes ?? []).map(readAttribute);
  const { instanceId, privateIp, imageId } = identity;
  const isOfEc2 = instanceId !== undefined && instanceIdForm.test(instanceId) && imageId === undefined;
  // Load balancers connect to it from the machine's own network: to nothing beyond the machine itself.
  if (isOfEc2 && privateIp !== undefined && !isLoopback(privateIp))
    throw invalidParameter(
      `The privateIp ${privateIp} of the instance ${instanceId} is not a loopback address, where its machine publishes ports.`,
    );
  const registration = {
    registeredResources: withGpus(readResources(input.totalResources), input.platformDevices),
    attributes: withControlPlaneAttributes(scope, identity, attributes),
    versionInfo: {
      ...(agentVersion === undefined ? {} : { agentVersion }),
      ...(agentHash === undefined ? {} : { agentHash }),
      ...(dockerVersion === undefined ? {} : { dockerVersion }),
    },
    tags: validateTags(input.tags),
    ...given('capacityProviderName', attributeValue(attributes, capacityProviderAttribute)),
    ...given('ec2InstanceId', instanceId),
  };
  return {
    registration,
    ...(isOfEc2 && privateIp !== undefined && { machine: { instanceId, privateIp } }),
  };
}

/**
 * The attributes after an agent has registered anew: its own and the control plane's are replaced, custom ones
 * stay, as agents send those at their first registration only.
 * @throws ClientException the machine under the same name is of another type.
 */
export function refreshedAttributes(
  known: ContainerInstanceRecord,
  registration: Registration,
): readonly InstanceAttribute[] {
  const typeBefore = attributeValue(known.attributes, 'ecs.instance-type');
  const typeNow = attributeValue(registration.attributes, 'ecs.instance-type');
  if (typeBefore !== undefined && typeNow !== undefined && typeBefore !== typeNow)
    throw clientError(
      `Container instance type changes are not supported. Container instance ${known.id} was previously registered as ${typeBefore}.`,
    );
  const sent = new Set(registration.attributes.map(({ name }) => name));
  const custom = known.attributes.filter(({ name }) => !isSystemAttribute(name) && !sent.has(name));
  return [...custom, ...registration.attributes];
}

const isSystemAttribute = (name: string): boolean =>
  name.startsWith('ecs.') || name.startsWith('com.amazonaws.ecs.');

interface InstanceIdentity {
  readonly availabilityZone?: string;
  readonly instanceId?: string;
  readonly privateIp?: string;
  readonly instanceType?: string;
  readonly imageId?: string;
  readonly architecture?: string;
}

/**
 * EC2's identity document, which machines outside EC2 leave empty. It adds to what the signed call says and
 * permits nothing, so its own signature isn't asked for.
 */
function readIdentity({ region }: Scope, document: string | undefined): InstanceIdentity {
  if (!document) return {};
  let parsed: unknown;
  try {
    parsed = JSON.parse(document);
  } catch {
    throw invalidParameter('The instanceIdentityDocument is not valid JSON.');
  }
  if (typeof parsed !== 'object' || parsed === null)
    throw invalidParameter('The instanceIdentityDocument is not a JSON object.');
  const fields = new Map(Object.entries(parsed));
  const text = (name: string): Record<string, string> => {
    const value: unknown = fields.get(name);
    return typeof value === 'string' && value !== '' ? { [name]: value } : {};
  };
  const { availabilityZone = `${region}a` } = text('availabilityZone');
  if (!isZoneOf(region, availabilityZone))
    throw invalidParameter(`The availability zone ${availabilityZone} is not one of the region ${region}.`);
  const { privateIp } = text('privateIp');
  if (privateIp !== undefined && !isIPv4(privateIp))
    throw invalidParameter(`The privateIp ${privateIp} is not an IPv4 address.`);
  return {
    availabilityZone,
    ...text('instanceId'),
    ...given('privateIp', privateIp),
    ...text('instanceType'),
    ...text('imageId'),
    ...text('architecture'),
  };
}

/** A region's zones are called after it with a letter behind. */
function isZoneOf(region: string, zone: string): boolean {
  return zone.length === region.length + 1 && zone.startsWith(region) && /[a-z]$/.test(zone);
}

/** What agents don't know of their machine, the control plane adds; what they sent stays as they sent it. */
function withControlPlaneAttributes(
  scope: Scope,
  identity: InstanceIdentity,
  sent: readonly InstanceAttribute[],
): readonly InstanceAttribute[] {
  const known = [
    { name: 'ecs.availability-zone', value: identity.availabilityZone ?? `${scope.region}a` },
    { name: 'ecs.instance-type', value: identity.instanceType },
    { name: 'ecs.ami-id', value: identity.imageId },
    { name: 'ecs.cpu-architecture', value: identity.architecture },
  ];
  const sentNames = new Set(sent.map(({ name }) => name));
  return [
    ...sent,
    ...known.flatMap(({ name, value }) =>
      value === undefined || sentNames.has(name) ? [] : [{ name, value }],
    ),
  ];
}

const attributeName = /^[\p{L}\p{N}\-_./\\]{1,128}$/u;

function readAttribute({ name, value }: Attribute): InstanceAttribute {
  if (name === undefined || !attributeName.test(name))
    throw invalidParameter(`Invalid attribute name: ${name ?? ''}.`);
  return value === undefined ? { name } : { name, value };
}

function readResources(resources: readonly Resource[] | undefined): InstanceResource[] {
  const read = (resources ?? []).map(readResource);
  for (const name of ['CPU', 'MEMORY']) {
    if (!read.some((resource) => resource.name === name && resource.type === 'INTEGER'))
      throw invalidParameter(`totalResources must say how much ${name} there is, as an INTEGER.`);
  }
  return read;
}

/** The official agent tells its GPUs as devices; they become the resource that placement gives out. */
function withGpus(
  resources: InstanceResource[],
  devices: readonly PlatformDevice[] | undefined,
): InstanceResource[] {
  if (!devices?.length) return resources;
  const ids = devices.map(({ id, type }) => {
    if (type !== 'GPU' || !id)
      throw invalidParameter('Each of platformDevices needs an id, and the type GPU.');
    return id;
  });
  const others = resources.filter(({ name }) => name !== 'GPU');
  const known = resources.find(({ name }) => name === 'GPU')?.stringSetValue ?? [];
  return [...others, { name: 'GPU', type: 'STRINGSET', stringSetValue: [...new Set([...known, ...ids])] }];
}

function readResource({ name, type, integerValue, stringSetValue }: Resource): InstanceResource {
  if (!name) throw invalidParameter('A resource in totalResources has no name.');
  if (type === 'INTEGER') {
    if (integerValue === undefined || integerValue < 0)
      throw invalidParameter(`The resource ${name} has no valid integerValue.`);
    return { name, type, integerValue };
  }
  if (type === 'STRINGSET') return { name, type, stringSetValue: [...new Set(stringSetValue ?? [])] };
  throw invalidParameter(`The resource ${name} has type ${type ?? ''}; it should be INTEGER or STRINGSET.`);
}

function attributeValue(attributes: readonly InstanceAttribute[], name: string): string | undefined {
  return attributes.find((attribute) => attribute.name === name)?.value;
}
