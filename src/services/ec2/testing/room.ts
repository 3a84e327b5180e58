import { seededRandom, VirtualClock } from '../../../clock/index.ts';
import { type OpenState, openState } from '../../../reconcile/index.ts';
import { openMemoryStore } from '../../../store/index.ts';
import type { Ec2Context } from '../context.ts';

/** What the room is given, over a memory store, without a gateway before it. */
export interface TestRoom extends AsyncDisposable {
  readonly ec2: Ec2Context & { readonly state: OpenState; readonly clock: VirtualClock };
}

export async function openRoom(given: Pick<Ec2Context, 'publicCidr'>): Promise<TestRoom> {
  const clock = new VirtualClock(Date.UTC(2026, 0, 1));
  const state = await openState(openMemoryStore({ clock }), { clock });
  return {
    ec2: { state, clock, random: seededRandom('room'), ...given },
    [Symbol.asyncDispose]: () => state.close(),
  };
}
