import { openApiSchema, schemaNameOf } from '../../custom-resources/openapi-schema.ts';
import { isAtomicMap, isAtomicMessage, listKeysOf } from '../../managed-fields/merge-topology.ts';
import { type JsonObject, memberOf } from '../../objects/object.ts';
import { apiVersionOf, type Resource } from '../../schema/catalogue.ts';
import { mergeRuleOf } from '../../schema/merge-keys.ts';
import {
  type Field,
  type FieldType,
  findMessage,
  type Message,
  messageNamed,
  metaPackage,
  type Scalar,
} from '../../schema/messages.ts';
import { valuesOf } from '../../validation/field-rules.ts';
import type { Dialect } from './dialect.ts';
import { type Documentation, describedType, descriptionOf } from './documentation.ts';

type GroupVersionKind = { readonly group: string; readonly version: string; readonly kind: string };

/** The schemas that a document refers to, made of messages and definitions when they are first referred to. */
export class Schemas {
  readonly #dialect: Dialect;
  readonly #documentation: Documentation;
  readonly #ownType: JsonObject;
  readonly #schemas = new Map<string, JsonObject>();
  /** What a schema is the kind of, which may be known only after it was first referred to. */
  readonly #kinds = new Map<string, Map<string, GroupVersionKind>>();

  constructor(dialect: Dialect, documentation: Documentation) {
    this.#dialect = dialect;
    this.#documentation = documentation;
    this.#ownType = describedType(documentation);
  }

  /** Sorted by name. */
  all(): JsonObject {
    return Object.fromEntries(
      [...this.#schemas]
        .map(([name, schema]): [string, JsonObject] => [name, this.#withKinds(name, schema)])
        .toSorted(([one], [other]) => (one < other ? -1 : 1)),
    );
  }

  /** @returns a reference to the schema of a kind. */
  ofKind(resource: Pick<Resource, 'custom' | 'group' | 'kind' | 'message' | 'version'>): JsonObject {
    const { group, version, kind, custom } = resource;
    if (custom === undefined)
      return this.#ofMessage(messageNamed(resource.message), [{ group, version, kind }]);
    const description = descriptionOf(this.#documentation, 'k8s.io.api.core.v1.ConfigMap', 'metadata');
    const metadata = { description, allOf: [this.ofMeta('ObjectMeta')] };
    const own = { ...this.#ownType, metadata };
    const name = schemaNameOf(resource);
    const schema = openApiSchema(resource as Resource, this.#dialect.written(custom.schema), own);
    this.#schemas.set(name, schema);
    return this.#dialect.ref(name);
  }

  /** @returns a reference to the schema of a kind's lists. */
  ofList(resource: Resource): JsonObject {
    const { group, version, listKind: kind, custom, message } = resource;
    if (custom === undefined)
      return this.#ofMessage(messageNamed(`${message}List`), [{ group, version, kind }]);
    const name = `${schemaNameOf(resource)}List`;
    this.#schemas.set(name, {
      ...{ description: `${kind} is a list of ${resource.kind}`, type: 'object', required: ['items'] },
      properties: {
        ...this.#ownType,
        metadata: { allOf: [this.ofMeta('ListMeta')] },
        items: { type: 'array', items: this.ofKind(resource) },
      },
      'x-kubernetes-group-version-kind': [{ group, version, kind }],
    });
    return this.#dialect.ref(name);
  }

  /** @returns a reference to the schema of a message of all groups, e.g. `Status`. */
  ofMeta(name: string, groups: readonly GroupVersionKind[] = []): JsonObject {
    const message = `${metaPackage}.${name}`;
    const special = this.#dialect.specials[message];
    if (special === undefined) return this.#ofMessage(messageNamed(message), groups);
    this.#schemas.set(schemaName(message), this.#described(message, special));
    return this.#dialect.ref(schemaName(message));
  }

  #withKinds(name: string, schema: JsonObject): JsonObject {
    const kinds = [...(this.#kinds.get(name)?.values() ?? [])];
    if (kinds.length === 0) return schema;
    const properties = { ...this.#ownType, ...memberOf(schema, 'properties') };
    return { ...schema, properties, 'x-kubernetes-group-version-kind': kinds };
  }

  #ofMessage(message: Message, kinds: readonly GroupVersionKind[] = []): JsonObject {
    const name = schemaName(message.name);
    for (const kind of kinds) {
      const known = this.#kinds.get(name) ?? new Map<string, GroupVersionKind>();
      this.#kinds.set(name, known.set(Object.values(kind).join(' '), kind));
    }
    if (this.#schemas.has(name)) return this.#dialect.ref(name);
    // Messages name each other in circles.
    this.#schemas.set(name, {});
    const properties = Object.fromEntries(
      [...message.fields.values()].map((field) => [field.name, this.#ofField(message, field)]),
    );
    const documented = this.#documentation.get(message.name)?.fields;
    const required = [...message.fields.keys()].filter((it) => documented?.get(it)?.isRequired);
    this.#schemas.set(name, {
      ...{ description: descriptionOf(this.#documentation, message.name), type: 'object' },
      ...(required.length > 0 && { required }),
      properties,
      ...(isAtomicMessage(message.name) && { 'x-kubernetes-map-type': 'atomic' }),
    });
    return this.#dialect.ref(name);
  }

  #ofField(message: Message, field: Field): JsonObject {
    const values = valuesOf(message.name, field.name);
    const inner = { ...this.#ofType(field.type), ...(values && { enum: values }) };
    const description = descriptionOf(this.#documentation, message.name, field.name);
    return {
      ...(description !== '' && { description }),
      ...(field.isList ? { type: 'array', items: inner } : inner),
      ...listType(message, field),
      ...patchStrategy(message, field),
    };
  }

  #described(message: string, schema: JsonObject): JsonObject {
    const description = descriptionOf(this.#documentation, message);
    return description === '' ? schema : { description, ...schema };
  }

  #ofType(type: FieldType): JsonObject {
    if (type.kind === 'scalar') return scalars[type.scalar];
    if (type.kind === 'map') return { type: 'object', additionalProperties: this.#ofType(type.value) };
    const { message } = type;
    const name = schemaName(message);
    const special = this.#dialect.specials[message];
    if (special !== undefined || findMessage(message) === undefined)
      this.#schemas.set(name, this.#described(message, special ?? { type: 'object' }));
    else this.#ofMessage(messageNamed(message));
    return this.#dialect.refBeside(name);
  }
}

/** `k8s.io.api.core.v1.Pod` is `io.k8s.api.core.v1.Pod`. */
const schemaName = (message: string): string => message.replace(/^k8s\.io/, 'io.k8s');

const scalars: Readonly<Record<Scalar, JsonObject>> = {
  bool: { type: 'boolean' },
  bytes: { type: 'string', format: 'byte' },
  string: { type: 'string' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  double: { type: 'number', format: 'double' },
  fixed64: { type: 'number', format: 'double' },
};

/** How server-side apply merges it. */
function listType(message: Message, { name, isList, type }: Field): JsonObject {
  if (isAtomicMap(message.name, name)) return { 'x-kubernetes-map-type': 'atomic' };
  if (!isList || type.kind === 'map' || name === 'items') return {};
  const keys = listKeysOf(message.name, name);
  if (keys === undefined) return { 'x-kubernetes-list-type': 'atomic' };
  if (keys.length === 0) return { 'x-kubernetes-list-type': 'set' };
  return {
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': keys.map((key) => key.name),
  };
}

/** How a strategic merge patch merges it. */
function patchStrategy(message: Message, { name }: Field): JsonObject {
  const { mergeKey, retainKeys, isReplaced } = mergeRuleOf(message.name, name);
  const strategies = [
    ...(mergeKey !== undefined ? ['merge'] : []),
    ...(retainKeys ? ['retainKeys'] : []),
    ...(isReplaced ? ['replace'] : []),
  ];
  return {
    ...(strategies.length > 0 && { 'x-kubernetes-patch-strategy': strategies.join(',') }),
    ...(mergeKey && { 'x-kubernetes-patch-merge-key': mergeKey }),
  };
}

/** The kinds that options are sent as: of every group and version that they are sent to. */
export const optionsKinds = (resources: readonly Resource[]): readonly GroupVersionKind[] =>
  [...new Map(resources.map((it) => [apiVersionOf(it), it])).values()].map(({ group, version }) => ({
    ...{ group, version, kind: 'DeleteOptions' },
  }));
