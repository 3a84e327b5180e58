import type { Schema } from '../../custom-resources/schema/schema.ts';
import { propertyName } from '../property-names.ts';

/**
 * How large a value of a schema may be, as upstream's estimate of costs has it (`k8s.io/apiserver/pkg/cel/common`,
 * SchemaDeclType): where the schema sets no bound, what fits into the largest request.
 */
export interface SizedType {
  /** Of a list's items, a map's members, a text's bytes; 0 of what has no parts. */
  readonly maxElements: number;
  /** What its JSON takes at least. */
  readonly minBytes: number;
  /** Of a list's items and a map's values. */
  readonly element?: SizedType;
  /** Of a map. */
  readonly key?: SizedType;
  /** By their identifiers. */
  readonly fields?: ReadonlyMap<string, SizedType>;
}

const maxRequestBytes = 3 * 1024 * 1024;
/** Quotes, or brackets. */
const aroundBytes = 2;
const minTextBytes = 2;
/** A character may take so many. */
const maxCharacterBytes = 4;

const text: SizedType = { maxElements: 0, minBytes: minTextBytes };
const longestText = maxRequestBytes - aroundBytes;

/** By `format`, of texts whose length that bounds. */
const formats: Readonly<Record<string, SizedType>> = {
  duration: { maxElements: 32, minBytes: 3 },
  date: { maxElements: 12, minBytes: 12 },
  'date-time': { maxElements: 32, minBytes: 21 },
};

/** How often at most a value of a type may be in one object, where nothing around it is bounded. */
export const mostInRequest = ({ minBytes }: SizedType): number =>
  Math.floor(maxRequestBytes / (minBytes + 1));

/** @param isResource There is what every object has, whatever the schema says. Undefined: rules do not see it. */
export function sizedType(schema: Schema, isResource = schema.isEmbeddedResource): SizedType | undefined {
  const { checks, isIntOrString } = schema;
  const maxLength = checks.maxLength === undefined ? undefined : Math.max(0, checks.maxLength);
  if (isIntOrString)
    return {
      maxElements: maxLength === undefined ? longestText : maxLength * maxCharacterBytes,
      minBytes: 1,
    };
  switch (schema.type) {
    case 'array':
      return sizedList(schema);
    case 'object':
      return sizedObject(schema, isResource);
    case 'string':
      return sizedText(schema, maxLength);
    case 'boolean':
      return { maxElements: 0, minBytes: 4 };
    case 'integer':
    case 'number':
      return { maxElements: 0, minBytes: 1 };
    default:
      return undefined;
  }
}

function sizedText({ checks }: Schema, maxLength: number | undefined): SizedType {
  const { format, enum: values = [] } = checks;
  if (format === 'byte') return { maxElements: maxLength ?? longestText, minBytes: minTextBytes };
  const known = formats[format];
  if (known !== undefined) return known;
  if (maxLength !== undefined) return { ...text, maxElements: maxLength * maxCharacterBytes };
  const lengths = values.map((value) => (typeof value === 'string' ? Buffer.byteLength(value) : 0));
  return { ...text, maxElements: lengths.length > 0 ? Math.max(...lengths) : longestText };
}

function sizedList({ items, checks }: Schema): SizedType | undefined {
  const element = items && sizedType(items);
  if (element === undefined) return undefined;
  const most = Math.floor((maxRequestBytes - aroundBytes) / (element.minBytes + 1));
  return {
    element,
    maxElements: checks.maxItems === undefined ? most : Math.max(0, checks.maxItems),
    minBytes: aroundBytes,
  };
}

/** A member of a map is at least two bytes of a name, a colon and a comma besides its value. */
const memberBytes = 6;
/** So is a field that is required: quotes, a colon and a comma. */
const fieldBytes = 4;

function sizedObject(schema: Schema, isResource: boolean): SizedType | undefined {
  const { additionalProperties, checks } = schema;
  if (typeof additionalProperties === 'object') {
    const element = sizedType(additionalProperties);
    if (element === undefined) return undefined;
    const most = Math.floor((maxRequestBytes - aroundBytes) / (element.minBytes + memberBytes));
    return {
      ...{ element, key: text, minBytes: aroundBytes },
      maxElements: checks.maxProperties === undefined ? most : Math.max(0, checks.maxProperties),
    };
  }
  const fields = new Map<string, SizedType>();
  let minBytes = aroundBytes;
  for (const [name, property] of schema.properties) {
    const type = sizedType(property);
    if (type === undefined) continue;
    const identifier = propertyName(name);
    if (identifier !== undefined) fields.set(identifier, type);
    if (checks.required.includes(name) && property.default === undefined)
      minBytes += Buffer.byteLength(name) + type.minBytes + fieldBytes;
  }
  if (isResource) {
    const named = { ...text, maxElements: longestText };
    fields.set('apiVersion', named).set('kind', named);
    const metadata = new Map([
      ['name', named],
      ['generateName', named],
    ]);
    fields.set('metadata', { maxElements: 0, minBytes: aroundBytes, fields: metadata });
  }
  return { maxElements: 0, minBytes, fields };
}
