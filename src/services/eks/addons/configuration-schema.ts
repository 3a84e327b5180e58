import type { AddonName } from './catalogue.ts';

/** So much of JSON Schema as configurations of add-ons need. */
export type Schema = ObjectSchema | TextSchema;

export interface ObjectSchema {
  readonly type: 'object';
  readonly additionalProperties: false;
  readonly properties: Readonly<Record<string, Schema>>;
}

interface TextSchema {
  readonly type: 'string';
  readonly default: string;
  readonly enum: readonly string[];
}

const text = (first: string, ...others: readonly string[]): TextSchema => ({
  ...{ type: 'string', default: first, enum: [first, ...others] },
});
const object = (properties: ObjectSchema['properties']): ObjectSchema => ({
  ...{ type: 'object', additionalProperties: false, properties },
});

/** Keys of AWS's by add-on: what is listed here has its effect, and nothing else can be configured. */
const configurable: Partial<Record<AddonName, ObjectSchema['properties']>> = {
  'vpc-cni': {
    enableNetworkPolicy: text('true', 'false'),
    env: object({
      ENABLE_POD_ENI: text('false', 'true'),
      ENABLE_PREFIX_DELEGATION: text('false', 'true'),
      POD_SECURITY_GROUP_ENFORCING_MODE: text('strict', 'standard'),
    }),
  },
};

export const configurationSchemaOf = (name: AddonName): ObjectSchema => object(configurable[name] ?? {});

/** What keeps a value from being of a schema, in the words of EKS's answers. */
export function schemaErrors(value: unknown, schema: Schema, path = '$'): readonly string[] {
  const found = typeName(value);
  if (found !== schema.type) return [`${path}: ${found} found, ${schema.type} expected`];
  if (schema.type === 'string') {
    if (schema.enum.includes(String(value))) return [];
    return [`${path}: does not have a value in the enumeration [${schema.enum.join(', ')}]`];
  }
  return Object.entries(value as object).flatMap(([key, member]) => {
    const known = Object.hasOwn(schema.properties, key) ? schema.properties[key] : undefined;
    if (known !== undefined) return schemaErrors(member, known, `${path}.${key}`);
    return [
      `${path}.${key}: is not defined in the schema and the schema does not allow additional properties`,
    ];
  });
}

function typeName(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
}
