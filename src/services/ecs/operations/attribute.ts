import type {
  Attribute,
  DeleteAttributesCommandInput,
  DeleteAttributesResponse,
  ListAttributesCommandInput,
  ListAttributesResponse,
  PutAttributesCommandInput,
  PutAttributesResponse,
} from '@aws-sdk/client-ecs';
import { type RecordKey, recordKey, type Transaction } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import { containerInstanceArn, containerInstanceId, isElsewhere, isName } from '../arn.ts';
import { requireCluster } from '../cluster-lookup.ts';
import { transactInTurn } from '../cluster-turns.ts';
import type { EcsContext } from '../context.ts';
import { ecsRefusal, invalidParameter } from '../errors.ts';
import { page } from '../pagination.ts';
import { type ContainerInstanceRecord, containerInstances, type InstanceAttribute } from '../records.ts';

const maxPerCall = 10;
const maxCustomPerInstance = 10;

/** Sets custom attributes of container instances, which placement constraints can ask for. */
export async function putAttributes(
  ecs: EcsContext,
  input: PutAttributesCommandInput,
  call: Call,
): Promise<PutAttributesResponse> {
  const attributes = requireAttributes(input.attributes);
  for (const attribute of attributes) validateAttribute(attribute);
  const cluster = requireCluster(ecs.state, call, input.cluster).name;
  return transactInTurn(ecs, call, cluster, (tx) => ({
    attributes: attributes.map((attribute) => {
      const { key, instance } = requireTarget(tx, call, cluster, attribute);
      const set = instanceAttribute(attribute);
      const others = instance.attributes.filter(({ name }) => name !== set.name);
      const after = [...others, set];
      if (after.filter(isCustom).length > maxCustomPerInstance)
        throw ecsRefusal(
          'AttributeLimitExceededException',
          `A container instance cannot have more than ${maxCustomPerInstance} custom attributes.`,
        );
      tx.put(containerInstances, key, { ...instance, attributes: after, version: instance.version + 1 });
      return describeAttribute(call, instance, set);
    }),
  }));
}

/** Takes custom attributes away, by name; those that aren't there are already gone. */
export async function deleteAttributes(
  ecs: EcsContext,
  input: DeleteAttributesCommandInput,
  call: Call,
): Promise<DeleteAttributesResponse> {
  const attributes = requireAttributes(input.attributes);
  for (const { name, value } of attributes) {
    validateAttribute({ name });
    if (value !== undefined)
      throw invalidParameter(`Attributes are deleted by name; '${name}' cannot have a value.`);
  }
  const cluster = requireCluster(ecs.state, call, input.cluster).name;
  return transactInTurn(ecs, call, cluster, (tx) => ({
    attributes: attributes.flatMap((attribute) => {
      const { key, instance } = requireTarget(tx, call, cluster, attribute);
      const known = instance.attributes.find(({ name }) => name === attribute.name);
      if (known === undefined) return [];
      tx.put(containerInstances, key, {
        ...instance,
        attributes: instance.attributes.filter((other) => other !== known),
        version: instance.version + 1,
      });
      return [describeAttribute(call, instance, known)];
    }),
  }));
}

export function listAttributes(
  ecs: EcsContext,
  input: ListAttributesCommandInput,
  call: Call,
): ListAttributesResponse {
  requireTargetType(input.targetType);
  const { attributeName, attributeValue } = input;
  if (attributeValue !== undefined && attributeName === undefined)
    throw invalidParameter('You must also specify an attribute name to filter by value.');
  const cluster = requireCluster(ecs.state, call, input.cluster).name;
  const found = ecs.state
    .byIndex(containerInstances, 'registeredByCluster', `${call.accountId}/${call.region}/${cluster}`)
    .flatMap(({ value: instance }) =>
      instance.attributes
        .filter(({ name }) => attributeName === undefined || name === attributeName)
        .filter(({ value }) => attributeValue === undefined || value === attributeValue)
        .map((attribute) => ({ key: `${instance.id} ${attribute.name}`, instance, attribute })),
    )
    .sort((one, other) => (one.key < other.key ? -1 : 1));
  const { items, nextToken } = page(found, ({ key }) => key, {
    maxResults: input.maxResults,
    nextToken: input.nextToken,
    defaultSize: 100,
    maxSize: 100,
  });
  return {
    attributes: items.map(({ instance, attribute }) => describeAttribute(call, instance, attribute)),
    ...(nextToken && { nextToken }),
  };
}

function requireAttributes(attributes: readonly Attribute[] | undefined): readonly Attribute[] {
  if (!attributes?.length) throw invalidParameter('Attributes cannot be empty.');
  if (attributes.length > maxPerCall)
    throw invalidParameter(`At most ${maxPerCall} attributes can be specified in a single call.`);
  return attributes;
}

const nameRule = /^[A-Za-z0-9\-_./\\]{1,128}$/;
const valueRule = /^(?! )[A-Za-z0-9\-_.@/\\: ]{1,128}(?<! )$/;
const reservedPrefixes = ['ecs.', 'com.amazonaws.', 'com.amazon.', 'catamaran.'];

function validateAttribute({ name = '', value }: Partial<Attribute>): void {
  if (!nameRule.test(name)) throw invalidParameter(`Invalid attribute name '${name}'.`);
  if (reservedPrefixes.some((prefix) => name.startsWith(prefix)))
    throw invalidParameter(`Attribute name '${name}' starts with a reserved prefix.`);
  if (value !== undefined && !valueRule.test(value))
    throw invalidParameter(`Invalid value '${value}' for attribute '${name}'.`);
}

function isCustom({ name }: InstanceAttribute): boolean {
  return !reservedPrefixes.some((prefix) => name.startsWith(prefix));
}

function instanceAttribute({ name = '', value }: Attribute): InstanceAttribute {
  return value === undefined ? { name } : { name, value };
}

/** The instance that an attribute is of. A short id needs its type said. @throws TargetNotFoundException */
function requireTarget(
  tx: Transaction,
  call: Call,
  cluster: string,
  { targetId = '', targetType }: Attribute,
): { readonly key: RecordKey; readonly instance: ContainerInstanceRecord } {
  if (targetType !== undefined || !targetId.startsWith('arn:')) requireTargetType(targetType);
  const id = containerInstanceId(targetId);
  const key = isName(id)
    ? recordKey(containerInstances, call.accountId, call.region, cluster, id)
    : undefined;
  const instance = key && tx.get(containerInstances, key);
  if (
    isElsewhere(targetId, call, cluster) ||
    key === undefined ||
    instance === undefined ||
    instance.status === 'INACTIVE'
  )
    throw ecsRefusal('TargetNotFoundException', `The specified target could not be found: ${targetId}.`);
  return { key, instance };
}

function requireTargetType(targetType: string | undefined): void {
  if (targetType !== 'container-instance')
    throw invalidParameter(`Invalid targetType '${targetType ?? ''}'. It must be container-instance.`);
}

function describeAttribute(
  call: Call,
  instance: ContainerInstanceRecord,
  attribute: InstanceAttribute,
): Attribute {
  return { ...attribute, targetId: containerInstanceArn(call, instance.cluster, instance.id) };
}
