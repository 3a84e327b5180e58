import type { Clock } from '../../clock/index.ts';
import type { Infrastructure, InfrastructureSession } from '../../services/infrastructure.ts';
import { rootPrincipal, type Service } from '../../services/service.ts';

/** Acts in services without asking who may: roles and policies are the composition root's matter. */
export const infrastructureOf =
  (services: () => readonly Service[], clock: Clock) =>
  ({ scope }: Pick<InfrastructureSession, 'scope'>): Infrastructure =>
  async (signingName, name, input) => {
    const service = services().find((each) => each.signingName === signingName);
    const operation = (await service?.loadOperations())?.[name];
    if (operation === undefined || !('run' in operation))
      throw new Error(`${signingName} has no operation ${name}`);
    const principal = rootPrincipal(scope.accountId, 'AKIDEXAMPLE');
    return operation.run(input, {
      ...{ accountId: scope.accountId, region: scope.region, principal, requestId: 'r', now: clock.now() },
      ...{ sourceIp: '127.0.0.1', userAgent: 'test', isSecure: true, signal: new AbortController().signal },
    });
  };
