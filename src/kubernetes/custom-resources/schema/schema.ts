import type { Json } from '../../../store/index.ts';
import { isJsonObject, type JsonObject, listOf, textOf } from '../../objects/object.ts';

/** A structural schema, read once: what objects of a custom kind look like at one place. */
export interface Schema {
  /** `''`: any, or an integer or a text where it says so. */
  readonly type: string;
  readonly isNullable: boolean;
  /** Undefined: none. */
  readonly default: Json | undefined;
  readonly properties: ReadonlyMap<string, Schema>;
  /** Those of the properties that have a default, with how large it is. */
  readonly defaulted: readonly (readonly [name: string, schema: Schema, size: number])[];
  /** Of the values of a map; true: of any kind. */
  readonly additionalProperties: Schema | boolean | undefined;
  readonly items: Schema | undefined;
  readonly preservesUnknownFields: boolean;
  /** It is an object of the API itself, with `apiVersion`, `kind` and `metadata`. */
  readonly isEmbeddedResource: boolean;
  readonly isIntOrString: boolean;
  /** `atomic`, `set` or `map`; `''`: not said. */
  readonly listType: string;
  readonly listMapKeys: readonly string[];
  /** `granular` or `atomic`; `''`: not said. */
  readonly mapType: string;
  readonly checks: Checks;
  readonly rules: readonly Rule[];
  /** It or something below it has rules. */
  readonly hasRules: boolean;
}

/** What values have to fulfil besides being of their type. */
export interface Checks {
  readonly format: string;
  readonly enum: readonly Json[] | undefined;
  readonly pattern: string;
  readonly minimum: number | undefined;
  readonly maximum: number | undefined;
  readonly isExclusiveMinimum: boolean;
  readonly isExclusiveMaximum: boolean;
  readonly multipleOf: number | undefined;
  readonly minLength: number | undefined;
  readonly maxLength: number | undefined;
  readonly minItems: number | undefined;
  readonly maxItems: number | undefined;
  readonly minProperties: number | undefined;
  readonly maxProperties: number | undefined;
  readonly required: readonly string[];
  readonly allOf: readonly Schema[];
  readonly anyOf: readonly Schema[];
  readonly oneOf: readonly Schema[];
  readonly not: Schema | undefined;
}

/** One of `x-kubernetes-validations`, in CEL. */
export interface Rule {
  readonly rule: string;
  readonly message: string;
  readonly messageExpression: string;
  readonly reason: string;
  readonly fieldPath: string;
  readonly isOldSelfOptional: boolean;
}

const known = new WeakMap<JsonObject, Schema>();

/** A schema that has been judged (`schemaErrors`), as its definition has it. */
export function readSchema(json: JsonObject): Schema {
  const found = known.get(json) ?? read(json);
  known.set(json, found);
  return found;
}

function read(json: JsonObject): Schema {
  const { properties, additionalProperties: additional, items } = json;
  const own = new Map(
    Object.entries(isJsonObject(properties) ? properties : {}).flatMap(([name, it]) =>
      isJsonObject(it) ? [[name, read(it)] as const] : [],
    ),
  );
  const values = isJsonObject(additional) ? read(additional) : undefined;
  const item = isJsonObject(items) ? read(items) : undefined;
  const rules = listOf(json, 'x-kubernetes-validations').filter(isJsonObject).map(readRule);
  return {
    type: textOf(json, 'type'),
    isNullable: json.nullable === true,
    default: json.default,
    properties: own,
    defaulted: [...own].flatMap(([name, it]) =>
      it.default === undefined ? [] : [[name, it, sizeOf(it.default)] as const],
    ),
    additionalProperties: values ?? (typeof additional === 'boolean' ? additional : undefined),
    items: item,
    preservesUnknownFields: json['x-kubernetes-preserve-unknown-fields'] === true,
    isEmbeddedResource: json['x-kubernetes-embedded-resource'] === true,
    isIntOrString: json['x-kubernetes-int-or-string'] === true,
    listType: textOf(json, 'x-kubernetes-list-type'),
    listMapKeys: listOf(json, 'x-kubernetes-list-map-keys').map(String),
    mapType: textOf(json, 'x-kubernetes-map-type'),
    checks: readChecks(json),
    rules,
    hasRules: rules.length > 0 || [...own.values(), values, item].some((it) => it?.hasRules),
  };
}

/** How many values there are in one. */
function sizeOf(value: Json): number {
  if (typeof value !== 'object' || value === null) return 1;
  return Object.values(value).reduce<number>((size, it) => size + sizeOf(it), 1);
}

function readChecks(json: JsonObject): Checks {
  const number = (name: string): number | undefined => {
    const value = json[name];
    return typeof value === 'number' ? value : undefined;
  };
  const schemas = (name: string): readonly Schema[] => listOf(json, name).filter(isJsonObject).map(read);
  return {
    format: textOf(json, 'format'),
    enum: Array.isArray(json.enum) ? listOf(json, 'enum') : undefined,
    pattern: textOf(json, 'pattern'),
    ...{ minimum: number('minimum'), maximum: number('maximum'), multipleOf: number('multipleOf') },
    isExclusiveMinimum: json.exclusiveMinimum === true,
    isExclusiveMaximum: json.exclusiveMaximum === true,
    ...{ minLength: number('minLength'), maxLength: number('maxLength') },
    ...{ minItems: number('minItems'), maxItems: number('maxItems') },
    ...{ minProperties: number('minProperties'), maxProperties: number('maxProperties') },
    required: listOf(json, 'required').map(String),
    ...{ allOf: schemas('allOf'), anyOf: schemas('anyOf'), oneOf: schemas('oneOf') },
    not: isJsonObject(json.not) ? read(json.not) : undefined,
  };
}

const readRule = (rule: JsonObject): Rule => ({
  ...{ rule: textOf(rule, 'rule'), message: textOf(rule, 'message') },
  messageExpression: textOf(rule, 'messageExpression'),
  ...{ reason: textOf(rule, 'reason'), fieldPath: textOf(rule, 'fieldPath') },
  isOldSelfOptional: rule.optionalOldSelf === true,
});

/** What stands below a schema at a property of an object; undefined: it is not specified. */
export function propertyOf(schema: Schema, name: string): Schema | undefined {
  const own = schema.properties.get(name);
  if (own !== undefined) return own;
  return typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
}

/** Whether a property is one of those that every object of the API has. */
export const isOwnOfObjects = (name: string): boolean =>
  name === 'apiVersion' || name === 'kind' || name === 'metadata';
