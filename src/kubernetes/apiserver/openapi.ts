import { hash } from 'node:crypto';
import type { Json } from '../../store/index.ts';
import { openApiSchema, schemaNameOf } from '../custom-resources/openapi-schema.ts';
import type { JsonObject } from '../objects/object.ts';
import { type Catalogue, type GroupVersion, type Resource, verbsOf } from '../schema/catalogue.ts';
import { mergeRuleOf } from '../schema/merge-keys.ts';
import {
  extensionsPackage,
  type FieldType,
  findMessage,
  intOrStringMessage,
  type Message,
  messageNamed,
  metaPackage,
  quantityMessage,
  rawExtensionMessage,
  schemaMessage,
} from '../schema/messages.ts';
import { pathOf } from './discovery.ts';

/**
 * OpenAPI v3, one document for each group and version, made of the catalogue and the messages: what `kubectl explain`
 * shows, and what `kubectl apply` and `--validate` go by. What fields mean it does not say.
 */
interface Document {
  readonly text: string;
  readonly hash: string;
}

/** By the first of the resources that they describe, which are the same until a definition changes. */
const documents = new WeakMap<Resource, { readonly of: readonly Resource[]; readonly document: Document }>();

/** `/openapi/v3` and what it leads to; undefined: no such path. */
export function openApi({ groups }: Catalogue, path: string): string | undefined {
  const groupVersions = groups.flatMap(({ versions }) => versions);
  if (path === '/openapi/v3') {
    const paths = groupVersions.map((it): readonly [string, Json] => {
      const own = pathOf(it).slice(1);
      return [own, { serverRelativeURL: `/openapi/v3/${own}?hash=${documentOf(it).hash}` }];
    });
    return JSON.stringify({ paths: Object.fromEntries(paths) });
  }
  const found = groupVersions.find((it) => path === `/openapi/v3${pathOf(it)}`);
  return found === undefined ? undefined : documentOf(found).text;
}

function documentOf(it: GroupVersion): Document {
  const [first] = it.resources;
  const known = first === undefined ? undefined : documents.get(first);
  const isSame =
    known?.of.length === it.resources.length && known.of.every((own, at) => own === it.resources[at]);
  if (known !== undefined && isSame) return known.document;
  const document = describe(it);
  if (first !== undefined) documents.set(first, { of: it.resources, document });
  return document;
}

function describe(it: GroupVersion): Document {
  const path = pathOf(it);
  const schemas = new Map<string, Json>();
  const paths = Object.fromEntries(it.resources.flatMap((resource) => pathsOf(resource, path, schemas)));
  const text = JSON.stringify({
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'unversioned' },
    paths,
    components: {
      schemas: Object.fromEntries([...schemas].toSorted(([one], [other]) => (one < other ? -1 : 1))),
    },
  });
  return { text, hash: hash('sha256', text, 'hex').slice(0, 32).toUpperCase() };
}

const text = (name: string): Json => ({
  ...{ name, in: 'query' },
  schema: { type: 'string', uniqueItems: true },
});
const writeParameters: readonly Json[] = [text('dryRun'), text('fieldManager'), text('fieldValidation')];
const patchTypesOf = ({ custom }: Resource): readonly string[] => [
  ...['application/json-patch+json', 'application/merge-patch+json'],
  ...(custom === undefined ? ['application/strategic-merge-patch+json'] : []),
];

function pathsOf(
  resource: Resource,
  root: string,
  schemas: Map<string, Json>,
): readonly (readonly [string, Json])[] {
  const { group, version, kind, isNamespaced, name } = resource;
  const schema = schemaOfKind(resource, schemas);
  const tag = { 'x-kubernetes-group-version-kind': { group, kind, version } };
  const body = { content: { '*/*': { schema } } };
  const answer = { responses: { 200: { description: 'OK', content: { 'application/json': { schema } } } } };
  const collection = `${root}/${isNamespaced ? 'namespaces/{namespace}/' : ''}${name}`;
  const verbs = verbsOf(resource);
  const has = (verb: string, operation: Json) => (verbs.includes(verb) ? operation : undefined);
  const action = (verb: string) => ({ 'x-kubernetes-action': verb, ...tag, ...answer });
  return [
    [
      collection,
      present({
        get: has('list', action('list')),
        post: has('create', { ...action('post'), parameters: writeParameters, requestBody: body }),
        delete: has('deletecollection', action('deletecollection')),
      }),
    ],
    ...(resource.isReview
      ? []
      : [
          [
            `${collection}/{name}`,
            present({
              get: action('get'),
              put: { ...action('put'), parameters: writeParameters, requestBody: body },
              patch: {
                ...{ ...action('patch'), parameters: [...writeParameters, text('force')] },
                requestBody: {
                  content: Object.fromEntries(
                    patchTypesOf(resource).map((type) => [
                      type,
                      { schema: { $ref: refOf(`${metaPackage}.Patch`) } },
                    ]),
                  ),
                },
              },
              delete: action('delete'),
            }),
          ] as const,
        ]),
  ];
}

/** @returns a reference to the schema of a kind. */
function schemaOfKind(resource: Resource, schemas: Map<string, Json>): JsonObject {
  const { group, version, kind, custom } = resource;
  if (custom === undefined) {
    schemaOf(messageNamed(resource.message), schemas, { group, version, kind });
    return { $ref: refOf(resource.message) };
  }
  schemaOf(messageNamed(`${metaPackage}.ObjectMeta`), schemas);
  const name = schemaNameOf(resource);
  schemas.set(name, openApiSchema(resource, custom.schema, { $ref: refOf(`${metaPackage}.ObjectMeta`) }));
  return { $ref: `#/components/schemas/${name}` };
}

const present = (operations: Readonly<Record<string, Json | undefined>>): Json =>
  Object.fromEntries(Object.entries(operations).filter(([, it]) => it !== undefined)) as Json;

/** `k8s.io.api.core.v1.Pod` is `io.k8s.api.core.v1.Pod`. */
const schemaName = (message: string): string => message.replace(/^k8s\.io/, 'io.k8s');
const refOf = (message: string): string => `#/components/schemas/${schemaName(message)}`;

interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

function schemaOf(message: Message, schemas: Map<string, Json>, top?: GroupVersionKind): void {
  const name = schemaName(message.name);
  if (schemas.has(name)) return;
  schemas.set(name, {});
  const properties: Record<string, Json> =
    top === undefined ? {} : { apiVersion: { type: 'string' }, kind: { type: 'string' } };
  for (const field of message.fields.values()) {
    const inner = typeSchema(field.type, schemas);
    const { mergeKey, retainKeys, isReplaced } = mergeRuleOf(message.name, field.name);
    const strategies = [
      ...(mergeKey !== undefined ? ['merge'] : []),
      ...(retainKeys ? ['retainKeys'] : []),
      ...(isReplaced ? ['replace'] : []),
    ];
    properties[field.name] = {
      ...(field.isList ? { type: 'array', items: inner } : (inner as object)),
      ...(strategies.length > 0 && { 'x-kubernetes-patch-strategy': strategies.join(',') }),
      ...(mergeKey && { 'x-kubernetes-patch-merge-key': mergeKey }),
    };
  }
  schemas.set(name, {
    ...{ description: '', type: 'object', properties },
    ...(top && { 'x-kubernetes-group-version-kind': [{ ...top }] }),
  });
}

function typeSchema(type: FieldType, schemas: Map<string, Json>): Json {
  switch (type.kind) {
    case 'map':
      return { type: 'object', additionalProperties: typeSchema(type.value, schemas) };
    case 'message': {
      const special = specials[type.message];
      if (special !== undefined || findMessage(type.message) === undefined) {
        schemas.set(schemaName(type.message), special ?? { type: 'object' });
      } else schemaOf(messageNamed(type.message), schemas);
      // A reference that stands alone takes nothing beside it.
      return { allOf: [{ $ref: refOf(type.message) }] };
    }
    case 'scalar':
      switch (type.scalar) {
        case 'bool':
          return { type: 'boolean' };
        case 'bytes':
          return { type: 'string', format: 'byte' };
        case 'string':
          return { type: 'string' };
        case 'int32':
        case 'int64':
          return { type: 'integer', format: type.scalar };
        default:
          return { type: 'number', format: 'double' };
      }
  }
}

/** What stands in JSON in another form than as its message. */
const specials: Readonly<Record<string, Json>> = {
  [quantityMessage]: { oneOf: [{ type: 'string' }, { type: 'number' }] },
  [intOrStringMessage]: {
    format: 'int-or-string',
    oneOf: [{ type: 'integer' }, { type: 'string' }],
  },
  [rawExtensionMessage]: { type: 'object' },
  [`${extensionsPackage}.JSON`]: {},
  [`${schemaMessage}OrArray`]: {},
  [`${schemaMessage}OrBool`]: {},
  [`${schemaMessage}OrStringArray`]: {},
  [`${metaPackage}.FieldsV1`]: { type: 'object' },
  [`${metaPackage}.Patch`]: { type: 'object' },
  [`${metaPackage}.Time`]: { type: 'string', format: 'date-time' },
  [`${metaPackage}.MicroTime`]: { type: 'string', format: 'date-time' },
};
