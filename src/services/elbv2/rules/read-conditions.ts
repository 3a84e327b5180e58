import { isIP } from 'node:net';
import type { RuleCondition as GivenCondition } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { RuleCondition, TextCondition } from '../../../balancing/index.ts';
import { shown, validationError } from '../errors.ts';
import { limits } from '../load-balancers/account-limits.ts';
import { checkRegex } from './read-regex.ts';

const fields = [
  'host-header',
  'http-header',
  'http-request-method',
  'path-pattern',
  'query-string',
  'source-ip',
] as const;
type Field = (typeof fields)[number];

/** Those that a rule can have several times. */
const repeatable: readonly Field[] = ['http-header', 'query-string'];

const maxLength = 128;

/** A rule's conditions as a request gives them (guide, "Condition types for listener rules"). @throws ValidationError */
export function readConditions(given: readonly GivenCondition[] = []): readonly RuleCondition[] {
  if (given.length === 0) throw validationError('Conditions must be specified');
  const conditions = given.map(readCondition);
  for (const field of fields) {
    const count = conditions.filter((condition) => condition.field === field).length;
    if (count > 1 && !repeatable.includes(field))
      throw validationError(`A rule can only have one '${field}' condition`);
  }
  const values = conditions.flatMap(valuesOf);
  const maxValues = limits['condition-values-per-alb-rule'];
  if (values.length > maxValues)
    throw validationError(`A rule can only have '${maxValues}' condition values`);
  const wildcards = conditions.flatMap(patternsOf).join('').match(/[*?]/g)?.length ?? 0;
  const maxWildcards = limits['condition-wildcards-per-alb-rule'];
  if (wildcards > maxWildcards)
    throw validationError(`A rule can only have '${maxWildcards}' condition wildcards`);
  return conditions;
}

function readCondition(given: GivenCondition): RuleCondition {
  const field = fieldOf(given);
  switch (field) {
    case 'host-header':
      return { field, ...textsIn(field, given, given.HostHeaderConfig, checkHost) };
    case 'path-pattern':
      return { field, ...textsIn(field, given, given.PathPatternConfig, checkPath) };
    case 'http-header': {
      const { HttpHeaderName: name = '' } = given.HttpHeaderConfig ?? {};
      const { RegexValues } = given;
      const check = (value: string): string => checkText(field, value);
      return {
        ...{ field, name: checkHeaderName(name) },
        ...textsIn(field, RegexValues === undefined ? {} : { RegexValues }, given.HttpHeaderConfig, check),
      };
    }
    case 'http-request-method':
      return { field, methods: checkedValues(given.HttpRequestMethodConfig?.Values).map(checkMethod) };
    case 'query-string':
      return { field, pairs: readPairs(given) };
    case 'source-ip':
      return { field, cidrs: checkedValues(given.SourceIpConfig?.Values).map(checkCidr) };
  }
}

function fieldOf({ Field: given }: GivenCondition): Field {
  if (given === undefined || given === '') throw validationError('A condition field must be specified');
  const found = fields.find((field) => field === given);
  if (found === undefined)
    throw validationError(`Condition field '${shown(given)}' must be one of '[${fields.join(', ')}]'`);
  return found;
}

type Texts = {
  readonly [Name in 'Values' | 'RegexValues']?: readonly string[] | undefined;
};

/** Values with wildcards or regular expressions, each in the older form or in the newer one. */
function textsIn(
  field: 'host-header' | 'http-header' | 'path-pattern',
  older: Texts,
  newer: Texts | undefined,
  check: (value: string) => string,
): TextCondition {
  const regexes = valuesGiven(field, older.RegexValues, newer?.RegexValues);
  const values = valuesGiven(field, older.Values, newer?.Values);
  if (regexes === undefined) return { patterns: checkedValues(values).map(check) };
  if (values !== undefined)
    throw validationError(`Values and regex values cannot both be specified for a '${field}' condition`);
  for (const regex of checkedValues(regexes)) {
    checkLength(field, regex);
    checkRegex(regex);
  }
  return { patterns: [], expressions: regexes };
}

function valuesGiven(
  field: Field,
  older: readonly string[] | undefined,
  newer: readonly string[] | undefined,
): readonly string[] | undefined {
  if (older !== undefined && newer !== undefined)
    throw validationError(`Values and a configuration cannot both be specified for a '${field}' condition`);
  return newer ?? older;
}

function checkedValues(values: readonly string[] = []): readonly string[] {
  if (values.length === 0 || values.includes(''))
    throw validationError('A condition value must be specified');
  return values;
}

function checkLength(field: Field, value: string, limit = maxLength): void {
  if (value.length > limit)
    throw validationError(`The '${field}' value is too long; the limit is '${limit}'`);
}

const invalidCharacter = (field: Field, value: string): Error =>
  validationError(`Condition value '${shown(value)}' contains a character that is not valid for '${field}'`);

function checkHost(value: string): string {
  checkLength('host-header', value);
  if (!/^[A-Za-z0-9.*?-]+$/.test(value)) throw invalidCharacter('host-header', value);
  if (!value.includes('.'))
    throw validationError(`Condition value '${value}' for 'host-header' must include at least one '.'`);
  return value;
}

function checkPath(value: string): string {
  checkLength('path-pattern', value);
  if (!/^[A-Za-z0-9_\-.$/~"'@:+&*?]+$/.test(value)) throw invalidCharacter('path-pattern', value);
  return value;
}

function checkHeaderName(name: string): string {
  if (name === '') throw validationError('An HTTP header name must be specified');
  checkLength('http-header', name, 40);
  if (!/^[!#$%&'+\-.^_`|~0-9A-Za-z]+$/.test(name)) throw invalidCharacter('http-header', name);
  if (name.toLowerCase() === 'host')
    throw validationError("The 'Host' header cannot be used in a 'http-header' condition; use 'host-header'");
  return name;
}

/** Printable: what a header or a query can have. */
function checkText(field: 'http-header' | 'query-string', value: string): string {
  checkLength(field, value);
  if (!/^[\x20-\x7e]+$/.test(value)) throw invalidCharacter(field, value);
  return value;
}

function checkMethod(value: string): string {
  checkLength('http-request-method', value, 40);
  if (!/^[A-Z_-]+$/.test(value)) throw invalidCharacter('http-request-method', value);
  return value;
}

function readPairs({ QueryStringConfig }: GivenCondition) {
  const pairs = QueryStringConfig?.Values ?? [];
  if (pairs.length === 0) throw validationError('A condition value must be specified');
  return pairs.map(({ Key, Value }) => {
    if (Value === undefined || Value === '') throw validationError('A condition value must be specified');
    const value = checkText('query-string', Value);
    return Key === undefined || Key === '' ? { value } : { key: checkText('query-string', Key), value };
  });
}

function checkCidr(value: string): string {
  const [, address = '', length = ''] = /^([0-9a-fA-F.:]+)\/(\d{1,3})$/.exec(value) ?? [];
  const version = isIP(address);
  if (version === 0 || Number(length) > (version === 4 ? 32 : 128))
    throw validationError(`Condition value '${shown(value)}' for 'source-ip' is not a valid CIDR block`);
  if (value === '255.255.255.255/32')
    throw validationError(`Condition value '${value}' for 'source-ip' cannot be used`);
  return value;
}

/** What counts towards the quota of values. */
function valuesOf(condition: RuleCondition): readonly unknown[] {
  switch (condition.field) {
    case 'host-header':
    case 'path-pattern':
    case 'http-header':
      return [...condition.patterns, ...(condition.expressions ?? [])];
    case 'http-request-method':
      return condition.methods;
    case 'query-string':
      return condition.pairs;
    case 'source-ip':
      return condition.cidrs;
  }
}

/** Where `*` and `?` are wildcards. */
function patternsOf(condition: RuleCondition): readonly string[] {
  if ('patterns' in condition) return condition.patterns;
  return condition.field === 'query-string'
    ? condition.pairs.flatMap(({ key = '', value }) => [key, value])
    : [];
}
