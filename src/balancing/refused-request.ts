import { mostForwardedAddresses, mostUrlBytes } from './limits.ts';
import type { RoutedRequest } from './route.ts';

/** The status with which a request is refused that no rule is asked about; undefined: it isn't. */
export function refusedStatus({ method, path, query, headers }: RoutedRequest): number | undefined {
  if (method === 'TRACE') return 405;
  if (path.length + (query === undefined ? 0 : query.length + 1) > mostUrlBytes) return 414;
  const forwarded = headers
    .filter(([name]) => name.toLowerCase() === 'x-forwarded-for')
    .flatMap(([, value]) => value.split(','));
  return forwarded.length > mostForwardedAddresses ? 463 : undefined;
}
