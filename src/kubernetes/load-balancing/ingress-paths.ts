import type { IngressPath } from './ingress-objects.ts';
import { ModelError } from './model.ts';

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
export function patternsOf({ path, pathType }: IngressPath): readonly string[] | undefined {
  if (path === undefined || path === '') return undefined;
  if (pathType === 'ImplementationSpecific') return path === '/*' ? undefined : [path];
  if (/[*?]/.test(path))
    throw new ModelError(`${pathType.toLowerCase()} path shouldn't contain wildcards: ${path}`);
  if (pathType === 'Exact') return [path];
  const prefix = withoutSlash(path);
  return prefix === '' ? undefined : [prefix, `${prefix}/*`];
}

const withoutSlash = (path: string): string => path.replace(/\/+$/, '');
