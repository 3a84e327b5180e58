import type { Json } from '../../../store/index.ts';
import { tooLarge } from '../../apiserver/status.ts';
import { isJsonObject, setMember } from '../../objects/object.ts';
import { propertyOf, type Schema } from './schema.ts';

/** Values that the defaults of a schema may add to one object: a list of small objects would grow without bounds. */
const maxAdded = 200_000;

interface Budget {
  left: number;
}

/**
 * A value with what its schema sets where nobody said it. A null that may not be one counts as nothing said. What
 * already has everything is returned as it is.
 * @throws {ApiError} 413: it would become too large.
 */
export const withDefaults = (schema: Schema, value: Json): Json =>
  complete(schema, value, { left: maxAdded });

function complete(schema: Schema, value: Json, budget: Budget): Json {
  if (Array.isArray(value)) return completeItems(schema, value, budget);
  if (!isJsonObject(value)) return value;
  let whole: Record<string, Json> | undefined;
  const set = (name: string, member: Json): void => {
    whole ??= { ...value };
    setMember(whole, name, member);
  };
  for (const [name, own, size] of schema.defaulted) {
    if (own.default === undefined || !isUnsaid(own, Object.hasOwn(value, name) ? value[name] : undefined))
      continue;
    budget.left -= size;
    if (budget.left < 0) throw tooLarge(`the defaults of its schema add more than ${maxAdded} values`);
    set(name, own.default);
  }
  for (const [name, member] of Object.entries(whole ?? value)) {
    const own = propertyOf(schema, name);
    if (own === undefined) continue;
    if (member === null && !own.isNullable && !isAnything(own)) {
      whole ??= { ...value };
      delete whole[name];
      continue;
    }
    const wholeMember = complete(own, member, budget);
    if (wholeMember !== member) set(name, wholeMember);
  }
  return whole ?? value;
}

const isUnsaid = (schema: Schema, value: Json | undefined): boolean =>
  value === undefined || (value === null && !schema.isNullable);

/** Of what has no type, null is a value as any other. */
const isAnything = (schema: Schema): boolean => schema.type === '' && !schema.isIntOrString;

function completeItems(schema: Schema, items: readonly Json[], budget: Budget): Json {
  const { items: own } = schema;
  if (own === undefined) return items;
  let whole: Json[] | undefined;
  for (const [index, item] of items.entries()) {
    const wholeItem =
      own.default !== undefined && isUnsaid(own, item) ? own.default : complete(own, item, budget);
    if (wholeItem === item) continue;
    whole ??= [...items];
    whole[index] = wholeItem;
  }
  return whole ?? items;
}
