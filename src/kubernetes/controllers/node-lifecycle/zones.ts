/** How much of a zone has failed. */
export type Disruption = 'full' | 'none' | 'partial';

/** What is remembered of a zone. */
export interface Zone {
  readonly disruption: Disruption;
  /** Nodes that may be tainted now so that their pods go. */
  readonly allowance: number;
  /** When the allowance was counted. */
  readonly at: number;
}

/** From which share of failed nodes on it is more likely that the network has failed than that they have. */
const unhealthyShare = 0.55;
const fewestFailed = 3;
/** Of more nodes than that some are given up, slowly, when most have failed; of fewer, none. */
const largeZone = 50;
/** Nodes a second. */
const rate = 0.1;
const slowRate = 0.01;
/** One at once, then one by one. */
const burst = 1;

export function disruptionOf(ready: number, failed: number): Disruption {
  if (ready === 0 && failed > 0) return 'full';
  return failed >= fewestFailed && failed / (failed + ready) >= unhealthyShare ? 'partial' : 'none';
}

/** The zone at a later time: what may be tainted grows by its rate, which changes with its disruption. */
export function zoneAt(known: Zone | undefined, disruption: Disruption, nodes: number, now: number): Zone {
  if (known === undefined) return { disruption, allowance: burst, at: now };
  const elapsedMs = now - known.at;
  const allowance = Math.min(burst, known.allowance + (elapsedMs / 1_000) * rateOf(known.disruption, nodes));
  return { disruption, allowance, at: now };
}

function rateOf(disruption: Disruption, nodes: number): number {
  if (disruption !== 'partial') return rate;
  return nodes > largeZone ? slowRate : 0;
}

/** Whether one more may be tainted; a zone of which most has failed waits, unless it is large. */
export const hasAllowance = ({ allowance, disruption }: Zone, nodes: number): boolean =>
  allowance >= 1 && rateOf(disruption, nodes) > 0;
