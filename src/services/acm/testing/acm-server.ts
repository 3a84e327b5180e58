import { ACM } from '@aws-sdk/client-acm';
import type { HttpRequest } from '@smithy/types';
import { seededRandom, VirtualClock } from '../../../clock/index.ts';
import { createGateway } from '../../../gateway/index.ts';
import { rootOnly } from '../../../gateway/testing/root-only.ts';
import { signerOf } from '../../../gateway/testing/signing.ts';
import { silentLog } from '../../../log.ts';
import { openState, type Reconcilers, startReconcilers } from '../../../reconcile/index.ts';
import { createSealer, sealingKeyBytes } from '../../../sealing/index.ts';
import { openMemoryStore } from '../../../store/index.ts';
import { type AcmContext, createAcm, loadAcmReconcilers } from '../index.ts';

export const scope = { accountId: '111122223333', region: 'eu-west-1' };

/** As users meet it: the official SDK over HTTP, on a clock that the test moves. */
export interface AcmServer extends AsyncDisposable {
  readonly acm: ACM;
  readonly context: AcmContext;
  readonly clock: VirtualClock;
  readonly reconcilers: Reconcilers;
  /** ARNs of what serves a certificate, by the certificate's. */
  readonly users: Map<string, string[]>;
  /** Requests one and waits until it is issued. @returns its ARN. */
  issued(DomainName: string, more?: object): Promise<string>;
}

export async function startAcm(): Promise<AcmServer> {
  const stack = new AsyncDisposableStack();
  const clock = new VirtualClock(Date.now());
  const random = seededRandom('acm');
  const store = stack.adopt(openMemoryStore({ clock }), (it) => it.close());
  const state = stack.adopt(await openState(store, { clock }), (it) => it.close());
  const users = new Map<string, string[]>();
  const context: AcmContext = {
    ...{ state, clock, random, sealer: createSealer(random.bytes(sealingKeyBytes), random) },
    usersOf: (_reader, arn) => users.get(arn) ?? [],
  };
  const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' };
  const gateway = createGateway({
    services: [createAcm(context)],
    ...{ clock, random, log: silentLog },
    ...rootOnly(scope.accountId, credentials),
  });
  stack.adopt(gateway, (it) => it.close());
  const { port } = await gateway.listen({ host: '127.0.0.1', port: 0 });
  const reconcilers = stack.use(
    startReconcilers({
      ...{ state, store, clock, random, log: silentLog },
      reconcilers: await loadAcmReconcilers(context),
    }),
  );
  const signature = signerOf('acm', credentials, scope.region);
  const acm = new ACM({
    ...{ endpoint: `http://127.0.0.1:${port}`, region: scope.region, credentials, maxAttempts: 1 },
    // Signed with the test's time, which is the server's.
    signer: {
      sign: (request: HttpRequest) => signature.sign(request, { signingDate: new Date(clock.now()) }),
    },
  });
  stack.defer(() => acm.destroy());
  return {
    ...{ acm, context, clock, reconcilers, users },
    issued: async (DomainName, more = {}) => {
      const { CertificateArn = '' } = await acm.requestCertificate({
        ...{ DomainName, ValidationMethod: 'DNS', KeyAlgorithm: 'EC_prime256v1' },
        ...more,
      });
      await reconcilers.idle();
      return CertificateArn;
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
