import type { Transaction } from '../../../reconcile/index.ts';
import type { Scope } from '../arn.ts';
import { invalidParameter } from '../errors.ts';
import { isRepeat } from '../input.ts';
import { clusterText, type MadeBy } from '../records.ts';
import { type UpdateRecord, updates } from './record.ts';

/** The update that the same request began before; undefined: it is a new one. @throws InvalidParameterException */
export function repeatedUpdate(
  tx: Transaction,
  scope: Scope,
  about: { readonly clusterName: string; readonly nodegroupName?: string; readonly addonName?: string },
  request: MadeBy | undefined,
): UpdateRecord | undefined {
  if (request === undefined) return undefined;
  const repeated = tx
    .byIndex(updates, 'cluster', clusterText(scope, about.clusterName))
    .find(({ value }) => value.request?.token === request.token)?.value;
  if (repeated === undefined || isRepeat(repeated.request, request)) return repeated;
  throw invalidParameter('The clientRequestToken was used before, with other parameters.', about);
}
