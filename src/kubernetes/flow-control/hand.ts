import { hash } from 'node:crypto';
import type { Queuing } from './flow-objects.ts';

const bytesOfCard = 4;
/** More cards than a hand may have whose entropy is bounded: see `entropyBits`. */
const mostCards = 16;

/** A quick, slightly high estimate of the bits of a hash that dealing takes, as upstream makes it. */
export const entropyBits = (queues: number, handSize: number): number =>
  Math.ceil(Math.log2(queues) * handSize);

export const mostEntropyBits = 60;

/**
 * The queues of a flow, always the same, all different. Two flows seldom have all of theirs in common, so one that fills its
 * own leaves others a place (shuffle sharding).
 */
export function handOf(flow: string, { queues, handSize }: Queuing): readonly number[] {
  const digest = hash('sha512', flow, 'buffer');
  const moved = new Map<number, number>();
  const hand: number[] = [];
  for (let card = 0; card < Math.min(handSize, queues, mostCards); card++) {
    const left = queues - card;
    const place = digest.readUInt32BE(card * bytesOfCard) % left;
    hand.push(moved.get(place) ?? place);
    // What lay last takes the place of what was dealt.
    moved.set(place, moved.get(left - 1) ?? left - 1);
  }
  return hand;
}
