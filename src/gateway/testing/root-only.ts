import { rootPrincipal } from '../../services/service.ts';
import type { GatewayOptions } from '../gateway.ts';

/** A gateway that knows one key, an account's root's, who may do everything. */
export function rootOnly(
  accountId: string,
  key: { readonly accessKeyId: string; readonly secretAccessKey: string },
): Pick<GatewayOptions, 'authorize' | 'credentials'> {
  const found = {
    secretAccessKey: key.secretAccessKey,
    principal: rootPrincipal(accountId, key.accessKeyId),
  };
  return {
    authorize: () => ({ isAllowed: true }),
    credentials: (accessKeyId, sessionToken) =>
      accessKeyId === key.accessKeyId && sessionToken === undefined ? found : undefined,
  };
}
