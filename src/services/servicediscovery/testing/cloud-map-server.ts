import { ServiceDiscovery } from '@aws-sdk/client-servicediscovery';
import type { HttpRequest } from '@smithy/types';
import { seededRandom, VirtualClock } from '../../../clock/index.ts';
import { createGateway } from '../../../gateway/index.ts';
import { rootOnly } from '../../../gateway/testing/root-only.ts';
import { signerOf } from '../../../gateway/testing/signing.ts';
import { silentLog } from '../../../log.ts';
import { openState, type Reconcilers, type State, startReconcilers } from '../../../reconcile/index.ts';
import { openMemoryStore } from '../../../store/index.ts';
import { type CloudMapContext, createCloudMap, loadCloudMapReconcilers } from '../index.ts';

export const scope = { accountId: '111122223333', region: 'us-east-1' };
export const vpcId = 'vpc-0123456789abcdef0';
const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' };

/** As users meet it: the official SDK over HTTP, on a clock that the test moves. */
export interface CloudMapServer extends AsyncDisposable {
  readonly sdk: ServiceDiscovery;
  readonly clock: VirtualClock;
  readonly state: State;
  /** The VPCs that there are; `vpcId` at first. */
  readonly vpcs: Set<string>;
  /** Waits until the operation that was submitted has ended, and answers with what it was about. */
  ended(submitted: Promise<{ OperationId?: string | undefined }>): Promise<Ended>;
  /** Namespaces and services with nothing special to them. @returns their ids. */
  httpNamespace(Name: string): Promise<string>;
  dnsNamespace(Name: string, Vpc?: string): Promise<string>;
  service(NamespaceId: string, Name: string, more?: object): Promise<string>;
  register(ServiceId: string, InstanceId: string, Attributes: Record<string, string>): Promise<void>;
}

export interface Ended {
  readonly status: string;
  readonly targets: Partial<Record<string, string>>;
  readonly error: string | undefined;
}

export async function startCloudMap(): Promise<CloudMapServer> {
  const stack = new AsyncDisposableStack();
  const clock = new VirtualClock(Date.UTC(2026, 0, 15, 12));
  const random = seededRandom(1);
  const store = stack.adopt(openMemoryStore({ clock }), (it) => it.close());
  const state: State = stack.adopt(await openState(store, { clock }), (it) => it.close());
  const vpcs = new Set([vpcId]);
  const context: CloudMapContext = { state, clock, random, hasVpc: (_reader, _scope, id) => vpcs.has(id) };
  const gateway = createGateway({
    services: [createCloudMap(context)],
    ...{ clock, random, log: silentLog },
    ...rootOnly(scope.accountId, credentials),
  });
  stack.adopt(gateway, (it) => it.close());
  const { port } = await gateway.listen({ host: '127.0.0.1', port: 0 });
  const reconcilers: Reconcilers = stack.use(
    startReconcilers({
      ...{ state, store, clock, random, log: silentLog },
      reconcilers: await loadCloudMapReconcilers(context),
    }),
  );
  const signature = signerOf('servicediscovery', credentials);
  const sdk = new ServiceDiscovery({
    ...{ endpoint: `http://127.0.0.1:${port}`, region: scope.region, credentials },
    ...{ maxAttempts: 1, disableHostPrefix: true },
    // Signed with the test's time, which is the server's.
    signer: {
      sign: (request: HttpRequest) => signature.sign(request, { signingDate: new Date(clock.now()) }),
    },
  });
  stack.defer(() => sdk.destroy());

  const ended: CloudMapServer['ended'] = async (submitted) => {
    const { OperationId = '' } = await submitted;
    await reconcilers.idle();
    const { Operation = {} } = await sdk.getOperation({ OperationId });
    const { Status = '', Targets = {}, ErrorCode } = Operation;
    return { status: Status, targets: Targets, error: ErrorCode };
  };
  const made = async (submitted: Promise<{ OperationId?: string | undefined }>): Promise<string> => {
    const { status, targets, error } = await ended(submitted);
    if (status !== 'SUCCESS') throw new Error(`The operation ended as ${status}: ${error}`);
    return targets.NAMESPACE ?? '';
  };
  return {
    ...{ sdk, clock, state, vpcs, ended },
    httpNamespace: (Name) => made(sdk.createHttpNamespace({ Name })),
    dnsNamespace: (Name, Vpc = vpcId) => made(sdk.createPrivateDnsNamespace({ Name, Vpc })),
    service: async (NamespaceId, Name, more = {}) => {
      const { Service } = await sdk.createService({ NamespaceId, Name, ...more });
      return Service?.Id ?? '';
    },
    register: async (ServiceId, InstanceId, Attributes) => {
      await made(sdk.registerInstance({ ServiceId, InstanceId, Attributes }));
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** DnsConfig of a service. */
export const dns = (
  types: readonly string[],
  RoutingPolicy: 'MULTIVALUE' | 'WEIGHTED' = 'MULTIVALUE',
  TTL = 10,
): object => ({ DnsConfig: { RoutingPolicy, DnsRecords: types.map((Type) => ({ Type, TTL })) } });

export const healthChecked = { HealthCheckCustomConfig: { FailureThreshold: 1 } };
