import type { Route } from '../gateway/index.ts';
import { type SsmMessages, ssmMessagesSigningName } from '../services/ssmmessages/index.ts';

/** The two calls of `ssmmessages`, for which no SDK has a client: agents write them by hand. */
export function ssmMessagesRoutes({
  createControlChannel,
  createDataChannel,
}: SsmMessages): readonly Route[] {
  const shared = { isSigned: true, signingName: ssmMessagesSigningName, method: 'POST' } as const;
  return [
    {
      ...shared,
      path: '/v1/control-channel/{id}',
      action: 'ssmmessages:CreateControlChannel',
      handle: ({ labels }, call) => ({
        status: 201,
        xml: createControlChannel(labels.get('id') ?? '', call),
      }),
    },
    {
      ...shared,
      path: '/v1/data-channel/{id}',
      action: 'ssmmessages:CreateDataChannel',
      handle: ({ labels }, call) => ({ status: 201, xml: createDataChannel(labels.get('id') ?? '', call) }),
    },
  ];
}
