import { compileConstraints, misfit } from '../placement/misfit.ts';
import type { LaunchProfile } from '../placement/ranking.ts';
import type { ContainerInstanceRecord } from '../records.ts';
import { reserve } from '../reservation.ts';
import type { CapacityGround, Member, Offer } from './capacity-ground.ts';

/** An instance into which tasks are packed. */
class Bin {
  isChosen = false;
  #filled: ContainerInstanceRecord | undefined;

  /** @param filled Undefined: nothing goes in. */
  constructor(filled: ContainerInstanceRecord | undefined) {
    this.#filled = filled;
  }

  /** Whether the task goes in, and it is in then. */
  take({ demand, constraints, group }: LaunchProfile): boolean {
    const filled = this.#filled;
    if (filled === undefined || misfit(filled, demand) || compileConstraints(constraints, group)(filled))
      return false;
    this.#filled = reserve(filled, { group, reserved: demand });
    this.isChosen = true;
    return true;
  }
}

export function binOf({ wouldBe }: CapacityGround, { instance, container, daemons }: Member): Bin {
  if (daemons.haveFailed || daemons.areOutdated) return new Bin(undefined);
  if (container === undefined || container.status === 'REGISTERING')
    return new Bin(wouldBe({ type: { name: instance.instanceType }, zone: instance.availabilityZone }));
  return new Bin(container.status === 'ACTIVE' ? container : undefined);
}

/** What is to be launched for tasks that nothing takes, the oldest first. */
export function offersFor(
  { types, zones, wouldBe }: CapacityGround,
  staying: readonly Member[],
  waiting: readonly LaunchProfile[],
  most: number,
): readonly Offer[] {
  const offers: Offer[] = [];
  const countIn = (zone: string): number =>
    staying.filter(({ instance }) => instance.availabilityZone === zone).length +
    offers.filter((offer) => offer.zone === zone).length;
  let left = waiting;
  while (left.length > 0 && offers.length < most) {
    const [oldest, ...others] = left;
    const emptiestFirst = zones.toSorted((one, other) => countIn(one) - countIn(other));
    const chosen = types
      .values()
      .flatMap((type) => emptiestFirst.map((zone): Offer => ({ type, zone })))
      .find((offer) => oldest !== undefined && new Bin(wouldBe(offer)).take(oldest));
    if (chosen === undefined) left = others;
    else {
      const bin = new Bin(wouldBe(chosen));
      left = left.filter((profile) => !bin.take(profile));
      offers.push(chosen);
    }
  }
  return offers;
}
