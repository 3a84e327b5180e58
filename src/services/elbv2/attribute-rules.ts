import { shown, unsupported, validationError } from './errors.ts';
import type { Attributes } from './records.ts';

/** An attribute that can be set: its value by default, and what is wrong with another one. */
export interface AttributeRule<Of> {
  byDefault(of: Of): string;
  /** In words after "must be". Undefined: it can be set so. */
  wanted(value: string): string | undefined;
  /** What another value than the default would bring, which isn't built: `Connection logs are`. */
  readonly absent?: string;
}

type Default<Of> = string | ((of: Of) => string);

const defaultOf =
  <Of>(byDefault: Default<Of>) =>
  (of: Of): string =>
    typeof byDefault === 'string' ? byDefault : byDefault(of);

export function choice<Of>(byDefault: Default<Of>, values: readonly string[]): AttributeRule<Of> {
  return {
    byDefault: defaultOf(byDefault),
    wanted: (value) => (values.includes(value) ? undefined : `one of '[${values.join(', ')}]'`),
  };
}

export const boolean = <Of>(byDefault: Default<Of>): AttributeRule<Of> =>
  choice(byDefault, ['true', 'false']);

/** Nothing else is built. @param what E.g. `Connection logs are`. */
export const only = <Of>(byDefault: Default<Of>, what: string): AttributeRule<Of> => ({
  byDefault: defaultOf(byDefault),
  wanted: () => undefined,
  absent: what,
});

/** The value that is meant by nothing else, such as 0 for "off". */
export function otherThan<Of>(value: string, rule: AttributeRule<Of>): AttributeRule<Of> {
  return { ...rule, wanted: (given) => (given === value ? undefined : rule.wanted(given)) };
}

export function integer<Of>(byDefault: Default<Of>, min: number, max: number): AttributeRule<Of> {
  const isWithin = (value: string): boolean =>
    /^\d{1,9}$/.test(value) && Number(value) >= min && Number(value) <= max;
  return {
    byDefault: defaultOf(byDefault),
    wanted: (value) => (isWithin(value) ? undefined : `between '${min}' and '${max}'`),
  };
}

export function text<Of>(byDefault: Default<Of>, maxLength: number): AttributeRule<Of> {
  return {
    byDefault: defaultOf(byDefault),
    wanted: (value) => (value.length <= maxLength ? undefined : `at most ${maxLength} characters long`),
  };
}

/** @param what It has to be, in words after "must be". */
export function textLike<Of>(byDefault: Default<Of>, form: RegExp, what: string): AttributeRule<Of> {
  return { byDefault: defaultOf(byDefault), wanted: (value) => (form.test(value) ? undefined : what) };
}

interface GivenAttribute {
  readonly Key?: string | undefined;
  readonly Value?: string | undefined;
}

/**
 * What was set before, with what is set now.
 * @param noun As AWS says it, e.g. `Load balancer`.
 * @throws ValidationError An attribute that there isn't, or a value that it can't have; UnsupportedOperation
 */
export function changedAttributes<Of>(
  noun: string,
  rules: Readonly<Record<string, AttributeRule<Of>>>,
  of: Of & { readonly attributes: Attributes },
  given: readonly GivenAttribute[],
): Attributes {
  const after: Record<string, string> = { ...of.attributes };
  const seen = new Set<string>();
  for (const { Key = '', Value = '' } of given) {
    const rule = Object.hasOwn(rules, Key) ? rules[Key] : undefined;
    if (rule === undefined) throw validationError(`${noun} attribute key '${shown(Key)}' is not recognized`);
    if (seen.has(Key))
      throw validationError(`${noun} attribute key '${Key}' cannot be specified multiple times`);
    seen.add(Key);
    const wanted = rule.wanted(Value);
    if (wanted !== undefined)
      throw validationError(`${noun} attribute value '${shown(Value)}' for '${Key}' must be ${wanted}`);
    if (rule.absent !== undefined && Value !== rule.byDefault(of)) throw unsupported(rule.absent);
    after[Key] = Value;
  }
  return after;
}

/** All that can be set, as it is. */
export function attributeView<Of>(
  rules: Readonly<Record<string, AttributeRule<Of>>>,
  of: Of & { readonly attributes: Attributes },
): { Key: string; Value: string }[] {
  return Object.entries(rules).map(([Key, rule]) => ({
    Key,
    Value: of.attributes[Key] ?? rule.byDefault(of),
  }));
}
