import type { Tag } from '@aws-sdk/client-servicediscovery';
import { Constraints } from '../constraints.ts';
import { ascending, page } from '../pages.ts';
import { checkedTags, maxTags } from '../tag-list.ts';
import type { Scope } from './arn.ts';
import { invalidInput, tooManyTags, unsupported } from './errors.ts';
import type { Tags } from './records.ts';

/** The constraints of the API reference that several operations share. */
export const idConstraint = { isRequired: true, maxLength: 255 };
export const instanceIdConstraint = { isRequired: true, maxLength: 64, pattern: '[0-9a-zA-Z_/:.@-]+' };
export const serviceNamePattern =
  '((?=.{1,127}$)([a-zA-Z0-9_][a-zA-Z0-9-_]{0,61}[a-zA-Z0-9_]|[a-zA-Z0-9])' +
  '(\\.([a-zA-Z0-9_][a-zA-Z0-9-_]{0,61}[a-zA-Z0-9_]|[a-zA-Z0-9]))*)|(\\.)';
const maxTtl = 2_147_483_647;
const maxCustomAttributes = 30;
const maxAttributesLength = 5_000;

export const constraints = (): Constraints => new Constraints(invalidInput);

export function checkId(path: string, id: string | undefined): void {
  constraints().text(path, id, idConstraint).throwIfViolated();
}

export function checkTtl(checked: Constraints, path: string, ttl: number | undefined): void {
  checked.number(path, ttl, { min: 0, max: maxTtl });
}

/** Keys and values as Cloud Map takes them for instances and services. */
export function checkAttributes(path: string, attributes: Readonly<Record<string, string>>): void {
  const checked = constraints();
  for (const [key, value] of Object.entries(attributes)) {
    checked
      .text(`${path}.key`, key, { maxLength: 255, pattern: '[a-zA-Z0-9!-~]+' })
      .text(`${path}.value`, value, {
        maxLength: 1024,
        pattern: '([a-zA-Z0-9!-~][ \\ta-zA-Z0-9!-~]*){0,1}[a-zA-Z0-9!-~]{0,1}',
      });
  }
  checked.throwIfViolated();
}

/** What is wrong with the number and size of attributes. */
export function excessOf(
  attributes: Readonly<Record<string, string>>,
  countedKeys: readonly string[],
): string | undefined {
  if (countedKeys.length > maxCustomAttributes) {
    return `There are ${countedKeys.length} custom attributes, and there can be at most ${maxCustomAttributes}.`;
  }
  const length = Object.entries(attributes).reduce((sum, [key, value]) => sum + key.length + value.length, 0);
  if (length <= maxAttributesLength) return undefined;
  return `The attributes have ${length} characters together, and can have at most ${maxAttributesLength}.`;
}

/** @throws TooManyTagsException, InvalidInput */
export function readTags(resource: string, tags: readonly Tag[] | undefined = []): Tags {
  if (tags.length > maxTags) throw tooManyTags(resource);
  return checkedTags(
    tags.map(({ Key, Value }) => ({ Key, Value })),
    invalidInput,
  );
}

/** Namespaces of other accounts aren't shared with anybody here. */
export function refuseOtherOwner(scope: Scope, owner: string | undefined): void {
  if (owner !== undefined && owner !== scope.accountId)
    throw unsupported('Namespaces shared by other accounts are');
}

/** The page that a request asks for; keys are unique. */
export function pageOf<T>(
  found: readonly T[],
  keyOf: (item: T) => string,
  {
    MaxResults,
    NextToken,
  }: { readonly MaxResults?: number | undefined; readonly NextToken?: string | undefined },
): { readonly items: readonly T[]; readonly next: { readonly NextToken?: string } } {
  constraints().number('maxResults', MaxResults, { min: 1, max: 100 }).throwIfViolated();
  const sorted = found.toSorted((a, b) => ascending(keyOf(a), keyOf(b)));
  const limit = MaxResults ?? 100;
  const { items, nextToken } = page(sorted, keyOf, ascending, {
    limit,
    nextToken: NextToken,
    refuse: invalidInput,
  });
  return { items, next: nextToken === undefined ? {} : { NextToken: nextToken } };
}

interface Filter {
  readonly Name: string | undefined;
  readonly Values: readonly string[] | undefined;
  readonly Condition?: string | undefined;
}

/** What an item has by the name of a filter, and the conditions that the filter knows. */
export interface FilterRule<T> {
  readonly conditions: readonly ('EQ' | 'IN' | 'BEGINS_WITH' | 'BETWEEN')[];
  /** Undefined: the item is not found by the filter. */
  readonly valuesOf: (item: T) => readonly string[];
}

/** @throws InvalidInput A filter that isn't known, or a condition or number of values that it doesn't take. */
export function filtered<T>(
  found: readonly T[],
  filters: readonly Filter[] | undefined,
  rules: Readonly<Record<string, FilterRule<T>>>,
): readonly T[] {
  const tests = (filters ?? []).map((filter) => testOf(filter, rules));
  return found.filter((item) => tests.every((test) => test(item)));
}

function testOf<T>(
  { Name = '', Values = [], Condition = 'EQ' }: Filter,
  rules: Readonly<Record<string, FilterRule<T>>>,
) {
  const rule = Object.hasOwn(rules, Name) ? rules[Name] : undefined;
  if (rule === undefined)
    throw invalidInput(`The filter ${Name} is not known: use ${Object.keys(rules).join(', ')}.`);
  const condition = rule.conditions.find((each) => each === Condition);
  if (condition === undefined)
    throw invalidInput(`The condition ${Condition} is not supported for the filter ${Name}.`);
  const wanted = condition === 'BETWEEN' ? 2 : condition === 'IN' ? Math.max(1, Values.length) : 1;
  if (Values.length !== wanted) {
    throw invalidInput(`The filter ${Name} with the condition ${condition} takes ${wanted} value(s).`);
  }
  const [first = '', second = ''] = Values;
  const holds: Record<typeof condition, (value: string) => boolean> = {
    EQ: (value) => value === first,
    IN: (value) => Values.includes(value),
    BEGINS_WITH: (value) => value.startsWith(first),
    BETWEEN: (value) => Number(first) <= Number(value) && Number(value) <= Number(second),
  };
  if (condition === 'BETWEEN' && !(Number.isFinite(Number(first)) && Number.isFinite(Number(second)))) {
    throw invalidInput(`The filter ${Name} takes two times in seconds.`);
  }
  return (item: T) => rule.valuesOf(item).some(holds[condition]);
}
