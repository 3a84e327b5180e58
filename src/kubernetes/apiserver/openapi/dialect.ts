import type { Json } from '../../../store/index.ts';
import { isJsonObject, type JsonObject } from '../../objects/object.ts';
import {
  extensionsPackage,
  intOrStringMessage,
  metaPackage,
  quantityMessage,
  rawExtensionMessage,
  schemaMessage,
} from '../../schema/messages.ts';

/** In what versions 2 and 3 of OpenAPI differ. */
export interface Dialect {
  /** A reference to a schema by its name. */
  ref(name: string): JsonObject;
  /** The same, where something may stand beside it. */
  refBeside(name: string): JsonObject;
  /** A schema that somebody else wrote in the words of version 3. */
  written(schema: JsonObject): JsonObject;
  /** What stands in JSON in another form than as its message. */
  readonly specials: Readonly<Record<string, JsonObject>>;
  /** What takes a body of one of the types, if it takes one, and answers with a schema. */
  operation(parts: {
    readonly common: JsonObject;
    readonly parameters: readonly JsonObject[];
    readonly body?: { readonly schema: JsonObject; readonly types: readonly string[] };
    readonly answer: JsonObject;
    readonly answerTypes: readonly string[];
  }): JsonObject;
  /** A text in a query, or in a path. */
  parameter(name: string, where: 'path' | 'query', type?: 'boolean' | 'integer' | 'string'): JsonObject;
}

const anything = {
  [`${extensionsPackage}.JSON`]: {},
  [`${schemaMessage}OrArray`]: {},
  [`${schemaMessage}OrBool`]: {},
  [`${schemaMessage}OrStringArray`]: {},
  [rawExtensionMessage]: { type: 'object' },
  [`${metaPackage}.FieldsV1`]: { type: 'object' },
  [`${metaPackage}.Patch`]: { type: 'object' },
  [`${metaPackage}.Duration`]: { type: 'string' },
  [`${metaPackage}.Time`]: { type: 'string', format: 'date-time' },
  [`${metaPackage}.MicroTime`]: { type: 'string', format: 'date-time' },
};

export const version3: Dialect = {
  ref: (name) => ({ $ref: `#/components/schemas/${name}` }),
  // A reference that stands alone takes nothing beside it.
  refBeside: (name) => ({ allOf: [{ $ref: `#/components/schemas/${name}` }] }),
  written: (schema) => schema,
  specials: {
    ...anything,
    [quantityMessage]: { oneOf: [{ type: 'string' }, { type: 'number' }] },
    [intOrStringMessage]: { format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] },
  },
  operation: ({ common, parameters, body, answer, answerTypes }) => ({
    ...common,
    ...(parameters.length > 0 && { parameters }),
    ...(body && {
      requestBody: {
        content: Object.fromEntries(body.types.map((type) => [type, { schema: body.schema }])),
      },
    }),
    responses: {
      200: {
        description: 'OK',
        content: Object.fromEntries(answerTypes.map((type) => [type, { schema: answer }])),
      },
    },
  }),
  parameter: (name, where, type = 'string') => ({
    ...{ name, in: where, schema: { type, uniqueItems: true } },
    ...(where === 'path' && { required: true }),
  }),
};

export const version2: Dialect = {
  ref: (name) => ({ $ref: `#/definitions/${name}` }),
  refBeside: (name) => ({ $ref: `#/definitions/${name}` }),
  written: withoutChoices,
  specials: {
    ...anything,
    [quantityMessage]: { type: 'string' },
    [intOrStringMessage]: { type: 'string', format: 'int-or-string' },
  },
  operation: ({ common, parameters, body, answer, answerTypes }) => ({
    ...common,
    ...(body && { consumes: body.types }),
    produces: answerTypes,
    parameters: [
      ...parameters,
      ...(body ? [{ name: 'body', in: 'body', required: true, schema: body.schema }] : []),
    ],
    responses: { 200: { description: 'OK', schema: answer } },
  }),
  parameter: (name, where, type = 'string') => ({
    ...{ name, in: where, type, uniqueItems: true },
    ...(where === 'path' && { required: true }),
  }),
};

/** What version 2 has no words for is left out, all the way down: there it may be anything. */
function withoutChoices(schema: JsonObject): JsonObject {
  const { nullable, oneOf: _, anyOf: _2, allOf: _3, not: _4, ...rest } = schema;
  const isOpen = nullable === true || rest['x-kubernetes-int-or-string'] === true;
  const { type: _5, properties: _6, items: _7, ...open } = rest;
  const kept: Record<string, Json> = { ...(isOpen ? open : rest) };
  for (const name of ['items', 'additionalProperties'])
    if (isJsonObject(kept[name])) kept[name] = withoutChoices(kept[name]);
  if (isJsonObject(kept.properties))
    kept.properties = Object.fromEntries(
      Object.entries(kept.properties).map(([name, it]) => [name, isJsonObject(it) ? withoutChoices(it) : it]),
    );
  return kept;
}
