import type { Json } from '../../../store/index.ts';
import { isJsonObject } from '../../objects/object.ts';
import { WireWriter } from '../../schema/wire.ts';

/**
 * Version 2 of OpenAPI in the protobuf of google/gnostic-models (`openapiv2/OpenAPIv2.proto`, whose numbers these are), the
 * only form in which kubectl asks for it: it validates the items of a `List` by it, and whatever a server can't.
 */
export const gnosticType = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';
/** As older clients and kubectl ask for it; a media type can't be called so. */
export const gnosticAlias = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';

/** Writes a value as the field of a number. The writer goes from the end to the beginning. */
type Write = (writer: WireWriter, number: number, value: Json) => void;
type Fields = Readonly<Record<string, readonly [number, Write]>>;

const text: Write = (writer, number, value) => {
  const before = writer.length;
  writer.text(String(value));
  writer.lengthAndTag(number, before);
};
const integer: Write = (writer, number, value) => {
  writer.varint(Number(value));
  writer.integerTag(number);
};
const flag: Write = (writer, number, value) => integer(writer, number, value === true ? 1 : 0);
const double: Write = (writer, number, value) => {
  writer.double(Number(value));
  writer.doubleTag(number);
};

/** What stands within a message of its own. */
const within =
  (write: (writer: WireWriter, value: Json) => void): Write =>
  (writer, number, value) => {
    const before = writer.length;
    write(writer, value);
    writer.lengthAndTag(number, before);
  };
const inField = (number: number, write: Write): Write =>
  within((writer, value) => write(writer, number, value));

const list =
  (write: Write): Write =>
  (writer, number, value) => {
    for (const item of (value as readonly Json[]).toReversed()) write(writer, number, item);
  };
/** Members of an object as pairs of a name and a value. */
const named =
  (write: Write): Write =>
  (writer, number, value) => {
    for (const [name, member] of Object.entries(value as object).toReversed())
      within(() => {
        write(writer, 2, member as Json);
        text(writer, 1, name);
      })(writer, number, null);
  };

/** Any value, as YAML: JSON is some. */
const any: Write = within((writer, value) => text(writer, 2, JSON.stringify(value)));

/** @param extensions The field of what the specification does not know: members that begin with `x-`. */
const message = (fields: Fields, extensions?: number): Write =>
  within((writer, value) => {
    for (const [name, member] of Object.entries(value as object).toReversed()) {
      const field = fields[name];
      if (field !== undefined) field[1](writer, field[0], member);
      else if (extensions !== undefined && name.startsWith('x-'))
        named(any)(writer, extensions, { [name]: member });
    }
  });

/** Schemas are made of schemas. */
const schema: Write = (...written) => wholeSchema(...written);
const wholeSchema = message(
  {
    ...{ $ref: [1, text], format: [2, text], title: [3, text], description: [4, text], default: [5, any] },
    ...{ multipleOf: [6, double], maximum: [7, double], exclusiveMaximum: [8, flag], minimum: [9, double] },
    ...{
      exclusiveMinimum: [10, flag],
      maxLength: [11, integer],
      minLength: [12, integer],
      pattern: [13, text],
    },
    ...{ maxItems: [14, integer], minItems: [15, integer], uniqueItems: [16, flag] },
    ...{ maxProperties: [17, integer], minProperties: [18, integer], required: [19, list(text)] },
    enum: [20, list(any)],
    additionalProperties: [
      21,
      within((writer, value) => {
        if (isJsonObject(value)) schema(writer, 1, value);
        else flag(writer, 2, value);
      }),
    ],
    ...{ type: [22, inField(1, text)], items: [23, inField(1, schema)], allOf: [24, list(schema)] },
    ...{ properties: [25, inField(1, named(schema))], readOnly: [27, flag] },
  },
  31,
);

const parameterFields: Fields = {
  required: [1, flag],
  in: [2, text],
  description: [3, text],
  name: [4, text],
};
const queryParameter = message({ ...parameterFields, type: [6, text], uniqueItems: [20, flag] }, 23);
const pathParameter = message({ ...parameterFields, type: [5, text], uniqueItems: [19, flag] }, 22);
const bodyParameter = message(
  {
    ...{ description: [1, text], name: [2, text], in: [3, text], required: [4, flag], schema: [5, schema] },
  },
  6,
);
const parameter: Write = inField(
  1,
  within((writer, value) => {
    const place = isJsonObject(value) ? value.in : undefined;
    if (place === 'body') bodyParameter(writer, 1, value);
    else if (place === 'path') inField(4, pathParameter)(writer, 2, value);
    else inField(3, queryParameter)(writer, 2, value);
  }),
);

const response = message({ description: [1, text], schema: [2, inField(1, schema)] }, 5);
const operation = message(
  {
    ...{ tags: [1, list(text)], summary: [2, text], description: [3, text], operationId: [5, text] },
    ...{ produces: [6, list(text)], consumes: [7, list(text)], parameters: [8, list(parameter)] },
    responses: [9, inField(1, named(inField(1, response)))],
  },
  13,
);
const path = message(
  {
    ...{ get: [2, operation], put: [3, operation], post: [4, operation], delete: [5, operation] },
    ...{ options: [6, operation], head: [7, operation], patch: [8, operation] },
    parameters: [9, list(parameter)],
  },
  10,
);
const apiKey = message({ type: [1, text], name: [2, text], in: [3, text] }, 5);

const documentFields: Fields = {
  swagger: [1, text],
  info: [2, message({ title: [1, text], version: [2, text] }, 7)],
  paths: [8, inField(2, named(path))],
  definitions: [9, inField(1, named(schema))],
  security: [12, list(inField(1, named(inField(1, list(text)))))],
  securityDefinitions: [13, inField(1, named(inField(2, apiKey)))],
};

/** @param document Of version 2, as JSON. */
export function encodeGnostic(document: Json): Buffer {
  const writer = new WireWriter(1024 * 1024);
  for (const [name, member] of Object.entries(document as object).toReversed()) {
    const field = documentFields[name];
    if (field !== undefined) field[1](writer, field[0], member as Json);
  }
  return writer.finish();
}
