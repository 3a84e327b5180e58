import { IAM } from '@aws-sdk/client-iam';
import { STS } from '@aws-sdk/client-sts';
import { seededRandom, VirtualClock } from '../../../clock/index.ts';
import { createGateway, type Route } from '../../../gateway/index.ts';
import { silentLog } from '../../../log.ts';
import { openState, type State } from '../../../reconcile/index.ts';
import { createSealer, sealingKeyBytes } from '../../../sealing/index.ts';
import { openMemoryStore } from '../../../store/index.ts';
import { rootPrincipal, type Service } from '../../service.ts';
import { createSts } from '../../sts/index.ts';
import { createIam, type Iam, type IamContext } from '../index.ts';

export const accountId = '111122223333';
export const otherAccountId = '444455556666';
const region = 'eu-west-1';

export interface Key {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** As users meet it: IAM and STS behind a gateway that authorises by them, over HTTP. Two accounts, each with a root. */
export interface IamServer extends AsyncDisposable {
  readonly endpoint: string;
  /** Signs with the first account's root key. */
  readonly iam: IAM;
  readonly sts: STS;
  /** SDK clients of whoever holds `key`. */
  as(key: Key): { readonly iam: IAM; readonly sts: STS };
  readonly rootKey: Key;
  readonly otherRootKey: Key;
  readonly state: State;
  readonly context: IamContext;
  readonly room: Iam;
  /** Starts at the real time, which the SDK signs with. */
  readonly clock: VirtualClock;
}

export async function startIamServer(
  options: {
    readonly services?: (iam: Iam, context: IamContext) => readonly Service[];
    readonly routes?: readonly Route[];
    readonly isHolderAlive?: (arn: string) => boolean;
    readonly linkedResources?: IamContext['linkedResources'];
  } = {},
): Promise<IamServer> {
  const stack = new AsyncDisposableStack();
  const clock = new VirtualClock(Date.now());
  const random = seededRandom('iam');
  const store = stack.adopt(openMemoryStore({ clock }), (it) => it.close());
  const state = stack.adopt(await openState(store, { clock }), (it) => it.close());
  const rootKey = { accessKeyId: 'AKIDEXAMPLEROOT', secretAccessKey: 'secret-of-root' };
  const otherRootKey = { accessKeyId: 'AKIDEXAMPLEOTHER', secretAccessKey: 'secret-of-other' };
  const keys = new Map([
    [rootKey.accessKeyId, ownKey(accountId, rootKey)],
    [otherRootKey.accessKeyId, ownKey(otherAccountId, otherRootKey)],
  ]);
  const context: IamContext = {
    ...{ state, clock, random, sealer: createSealer(random.bytes(sealingKeyBytes), random) },
    firstAccountId: accountId,
    ownKeys: (accessKeyId) => keys.get(accessKeyId),
    isHolderAlive: options.isHolderAlive ?? (() => true),
    linkedResources: options.linkedResources ?? (() => []),
  };
  const room = createIam(context);
  const gateway = createGateway({
    routes: options.routes ?? [],
    services: [room.service, createSts(room), ...(options.services?.(room, context) ?? [])],
    ...{ clock, random, log: silentLog, authorize: room.authorize },
    encodeDenial: room.encodeAuthorizationMessage,
    ...{ credentials: room.findCredentials, noteUse: room.noteUse },
  });
  stack.adopt(gateway, (it) => it.close());
  const { port } = await gateway.listen({ host: '127.0.0.1', port: 0 });
  const endpoint = `http://127.0.0.1:${port}`;
  const as = (credentials: Key) => {
    const settings = { endpoint, region, credentials, maxAttempts: 1 };
    const clients = { iam: new IAM(settings), sts: new STS(settings) };
    stack.defer(() => {
      clients.iam.destroy();
      clients.sts.destroy();
    });
    return clients;
  };
  return {
    ...as(rootKey),
    ...{ endpoint, as, rootKey, otherRootKey, state, context, room, clock },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

const ownKey = (account: string, { accessKeyId, secretAccessKey }: Key) => ({
  secretAccessKey,
  principal: rootPrincipal(account, accessKeyId),
});
