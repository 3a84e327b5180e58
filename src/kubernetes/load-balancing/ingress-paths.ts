import type { IngressPath } from './ingress-objects.ts';
import { ModelError, type WantedCondition } from './model.ts';

/**
 * The paths of a host in the order in which they are asked: exact ones, then prefixes with the longest first, then those of
 * the controller's own kind as they stand (AWS Load Balancer Controller, "Path types").
 */
export function inOrder<T extends IngressPath>(paths: readonly T[]): readonly T[] {
  const of = (type: string): T[] => paths.filter(({ pathType }) => pathType === type);
  const prefixes = of('Prefix').sort((one, other) => lengthOf(other) - lengthOf(one));
  return [...of('Exact'), ...prefixes, ...of('ImplementationSpecific')];
}

const lengthOf = ({ path = '' }: IngressPath): number => withoutSlash(path).length;

/** What stands in a rule's `path-pattern`; undefined: every path. @throws {ModelError} */
function patternsOf({ path, pathType }: IngressPath): readonly string[] | undefined {
  if (path === undefined || path === '') return undefined;
  if (pathType === 'ImplementationSpecific') return path === '/*' ? undefined : [path];
  if (/[*?]/.test(path))
    throw new ModelError(`${pathType.toLowerCase()} path shouldn't contain wildcards: ${path}`);
  if (pathType === 'Exact') return [path];
  const prefix = withoutSlash(path);
  return prefix === '' ? undefined : [prefix, `${prefix}/*`];
}

/**
 * What a path asks for. A path of the controller's own kind may be a regular expression (`use-regex-path-match`), without the `/`
 * with which every path of an Ingress begins. @throws {ModelError}
 */
export function pathConditions(path: IngressPath, isRegex: boolean): readonly WantedCondition[] {
  const { path: text = '', pathType } = path;
  if (isRegex && pathType === 'ImplementationSpecific' && text.length > 1)
    return [{ field: 'path-pattern', values: [], regexValues: [text.slice(1)] }];
  const values = patternsOf(path);
  return values === undefined ? [] : [{ field: 'path-pattern', values }];
}

type PlaceCondition = Extract<WantedCondition, { readonly field: 'host-header' | 'path-pattern' }>;

const isPlace = (condition: WantedCondition): condition is PlaceCondition =>
  condition.field === 'host-header' || condition.field === 'path-pattern';

/** A rule has one condition of hosts and one of paths: what an Ingress and its annotations say becomes one. */
export function together(conditions: readonly WantedCondition[]): readonly WantedCondition[] {
  const places = (['host-header', 'path-pattern'] as const).flatMap((field): PlaceCondition[] => {
    const all = conditions.filter(isPlace).filter((condition) => condition.field === field);
    const regexValues = all.flatMap((condition) => condition.regexValues ?? []);
    const values = all.flatMap((condition) => condition.values);
    if (all.length === 0) return [];
    return [{ field, values, ...(regexValues.length > 0 && { regexValues }) }];
  });
  return [...places, ...conditions.filter((condition) => !isPlace(condition))];
}

const withoutSlash = (path: string): string => path.replace(/\/+$/, '');
