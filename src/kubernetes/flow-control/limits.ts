import type { PriorityLevel } from './flow-objects.ts';

/** How many seats a level has. */
export interface SeatLimits {
  /** Its own. */
  readonly nominal: number;
  /** Of its own, those that it lends to nobody. */
  readonly least: number;
  /** With all that it may borrow. */
  readonly most: number;
}

/**
 * A server's seats by the shares of its levels: each gets its part, rounded up, so that the parts may be a few more than there
 * are (Kubernetes, "API Priority and Fairness").
 */
export function seatLimits(seats: number, levels: readonly PriorityLevel[]): ReadonlyMap<string, SeatLimits> {
  const shares = levels.reduce((sum, level) => sum + level.shares, 0);
  return new Map(
    levels.map(({ name, shares: own, lendablePercent, limited }) => {
      const nominal = shares === 0 ? 0 : Math.ceil((seats * own) / shares);
      const least = nominal - Math.round((nominal * lendablePercent) / 100);
      const percent = limited?.borrowingLimitPercent;
      const most = nominal + (percent === undefined ? seats : Math.round((nominal * percent) / 100));
      return [name, { nominal, least, most }];
    }),
  );
}
