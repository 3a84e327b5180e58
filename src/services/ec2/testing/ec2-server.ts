import { EC2 } from '@aws-sdk/client-ec2';
import { seededRandom, VirtualClock } from '../../../clock/index.ts';
import { createGateway } from '../../../gateway/index.ts';
import { rootOnly } from '../../../gateway/testing/root-only.ts';
import { silentLog } from '../../../log.ts';
import { openState, type Reconcilers, type State, startReconcilers } from '../../../reconcile/index.ts';
import { openMemoryStore } from '../../../store/index.ts';
import type { Ec2Context } from '../context.ts';
import { createEc2, type Ec2 } from '../index.ts';
import { defaultVpcs, ec2Key, type Scope } from '../records.ts';

export const accountId = '111122223333';
export const region = 'eu-west-1';
export const scope: Scope = { accountId, region };

/** The room as users meet it: the official SDK over HTTP, as the account's root. */
export interface Ec2Server extends AsyncDisposable {
  readonly ec2: EC2;
  readonly room: Ec2;
  readonly context: Ec2Context;
  readonly state: State;
  readonly reconcilers: Reconcilers;
  /** Moves by the test's hand. */
  readonly clock: VirtualClock;
  /** A client of another region. */
  in(region: string): EC2;
}

/**
 * @param given What is to be other than by default.
 * @param begins `empty`: as if the default VPC of `scope` had been deleted.
 */
export async function startEc2Server(
  given: Partial<Ec2Context> = {},
  begins: 'empty' | 'with a default VPC' = 'empty',
): Promise<Ec2Server> {
  const stack = new AsyncDisposableStack();
  const clock = new VirtualClock(Date.now());
  const random = seededRandom('ec2');
  const store = stack.adopt(openMemoryStore({ clock }), (it) => it.close());
  const state = stack.adopt(await openState(store, { clock }), (it) => it.close());
  const context: Ec2Context = { state, clock, random, publicCidr: '198.18.0.0/24', ...given };
  if (begins === 'empty')
    await state.transact((tx) => tx.put(defaultVpcs, ec2Key(defaultVpcs, scope, 'made'), { madeAt: 0 }));
  const room = createEc2(context);
  const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' };
  const gateway = createGateway({
    services: [room.service],
    ...{ clock, random, log: silentLog },
    ...rootOnly(accountId, credentials),
  });
  stack.adopt(gateway, (it) => it.close());
  const { port } = await gateway.listen({ host: '127.0.0.1', port: 0 });
  const reconcilers = stack.use(
    startReconcilers({
      ...{ state, store, clock, random, log: silentLog },
      reconcilers: await room.loadReconcilers(),
    }),
  );
  const inRegion = (name: string): EC2 =>
    stack.adopt(
      new EC2({ endpoint: `http://127.0.0.1:${port}`, region: name, credentials, maxAttempts: 1 }),
      (it) => it.destroy(),
    );
  return {
    ...{ ec2: inRegion(region), room, context, state, clock, reconcilers, in: inRegion },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
