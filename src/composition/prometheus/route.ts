import type { RouteAnswer, SignedRoute } from '../../gateway/index.ts';
import { requireOperator } from '../operator-routes.ts';
import { contentType } from './exposition.ts';
import type { PageParts } from './page.ts';

/**
 * `GET /metrics` for Prometheus, which can't sign: open to programs on this machine, else for whoever may ask the
 * operator's API, as it names what all accounts have.
 * @param accountId The installation's first account.
 */
export function prometheusRoute(accountId: string, parts: () => PageParts): SignedRoute {
  const action = 'catamaran:GetMetrics';
  const answer = async (): Promise<RouteAnswer> => {
    // Loaded with the first question: most installations are never asked.
    const { prometheusPage } = await import('./page.ts');
    return { status: 200, contentType, text: await prometheusPage(parts()) };
  };
  return {
    isSigned: true,
    method: 'GET',
    path: '/metrics',
    action,
    handle: (_request, { principal }) => {
      requireOperator(accountId, action, principal);
      return answer();
    },
    handleLocal: answer,
  };
}
