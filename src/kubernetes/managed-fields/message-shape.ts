import {
  extensionsPackage,
  type Field,
  type FieldType,
  intOrStringMessage,
  type Message,
  messageNamed,
  metaPackage,
  quantityMessage,
  rawExtensionMessage,
  type Scalar,
  schemaMessage,
  textListMessages,
} from '../schema/messages.ts';
import { isAlwaysThere, isAtomicMap, isAtomicMessage, listKeysOf } from './merge-topology.ts';
import {
  deduced,
  type FieldShape,
  type ListShape,
  type MapShape,
  type ScalarShape,
  type Shape,
  scalar,
} from './shape.ts';

/** Of metadata: who says them, says which object he means, or it is the API server. */
const untrackedMetadata = new Set([
  ...['name', 'namespace', 'uid', 'creationTimestamp', 'generation', 'managedFields'],
  ...['resourceVersion', 'selfLink'],
]);
const objectMeta = `${metaPackage}.ObjectMeta`;

const kinds = new Map<string, MapShape>();
const shapes = new Map<string, MapShape>();

/** The shape of a kind that Kubernetes itself has. @param message E.g. `k8s.io.api.apps.v1.Deployment`. */
export function kindShape(message: string): MapShape {
  const known = kinds.get(message);
  if (known !== undefined) return known;
  const members = messageShape(message);
  const own = objectShape({
    ...members,
    field: (name) => {
      const field = members.field(name);
      // What an object is to be and what it is are there as soon as it is.
      return field && (name === 'spec' || name === 'status') ? { ...field, isAlwaysThere: true } : field;
    },
  });
  kinds.set(message, own);
  return own;
}

/** An object of the API of these members: what every object has besides is the same for all. */
export function objectShape(members: MapShape): MapShape {
  return {
    ...members,
    isAtomic: false,
    field: (name) => {
      if (name === 'apiVersion' || name === 'kind') return untracked;
      if (name === 'metadata') return metadata;
      return members.field(name);
    },
  };
}

const untracked: FieldShape = { shape: { kind: 'scalar', type: 'string' }, isUntracked: true };

const metadata: FieldShape = {
  isAlwaysThere: true,
  shape: {
    ...{ kind: 'map', isAtomic: false, values: undefined },
    field: (name) => {
      const field = messageShape(objectMeta).field(name);
      return field && untrackedMetadata.has(name) ? { ...field, isUntracked: true } : field;
    },
  },
};

/** @param name E.g. `k8s.io.api.core.v1.PodSpec`. */
export function messageShape(name: string): MapShape {
  const known = shapes.get(name);
  if (known !== undefined) return known;
  const message = messageNamed(name);
  const fields = new Map<string, FieldShape | undefined>();
  const shape: MapShape = {
    ...{ kind: 'map', isAtomic: isAtomicMessage(name), values: undefined },
    field: (field) => {
      if (!fields.has(field)) fields.set(field, fieldShape(message, message.fields.get(field)));
      return fields.get(field);
    },
  };
  shapes.set(name, shape);
  return shape;
}

function fieldShape({ name: message }: Message, field: Field | undefined): FieldShape | undefined {
  if (field === undefined) return undefined;
  const { name, isList, type } = field;
  const shape = isList
    ? listShape(message, name, typeShape(type))
    : typeShape(type, isAtomicMap(message, name));
  return { shape, ...(isAlwaysThere(message, name) && { isAlwaysThere: true }) };
}

function listShape(message: string, field: string, items: Shape): ListShape {
  const keys = listKeysOf(message, field);
  const type = keys === undefined ? 'atomic' : keys.length === 0 ? 'set' : 'map';
  return { kind: 'list', type, keys: keys ?? [], items };
}

function typeShape(type: FieldType, isAtomic = false): Shape {
  switch (type.kind) {
    case 'scalar':
      return scalars[type.scalar];
    case 'map':
      return { kind: 'map', isAtomic, field: () => undefined, values: typeShape(type.value) };
    case 'message':
      return specials[type.message] ?? messageShape(type.message);
  }
}

const text: ScalarShape = { kind: 'scalar', type: 'string' };
const number: ScalarShape = { kind: 'scalar', type: 'number' };

const scalars: Readonly<Record<Scalar, ScalarShape>> = {
  ...{ string: text, bytes: text, bool: { kind: 'scalar', type: 'boolean' } },
  ...{ int32: number, int64: number, double: number, fixed64: number },
};

const texts: ListShape = { kind: 'list', type: 'atomic', keys: [], items: text };

/** What JSON writes in another form than as an object of the message's fields. */
const specials: Readonly<Record<string, Shape>> = {
  [quantityMessage]: scalar,
  [intOrStringMessage]: scalar,
  [rawExtensionMessage]: deduced,
  [`${metaPackage}.FieldsV1`]: deduced,
  [`${metaPackage}.Time`]: text,
  [`${metaPackage}.MicroTime`]: text,
  ...Object.fromEntries(textListMessages.map((message) => [message, texts])),
  [`${extensionsPackage}.JSON`]: deduced,
  ...Object.fromEntries(
    ['Array', 'Bool', 'StringArray'].map((other) => [`${schemaMessage}Or${other}`, deduced]),
  ),
};
