import type { Reader, RecordKey } from '../../reconcile/index.ts';
import { claims, siblingKey } from '../controllers/collections.ts';
import { annotationOf, selectedNode } from '../controllers/volumes/objects.ts';
import type { PlacedPod } from './objects.ts';
import type { Placement } from './placement.ts';
import { isBound } from './volume-objects.ts';

/** As long as upstream waits. */
const patienceMs = 600_000;

/** Pods that have a node, and whose volumes are not bound yet. */
export class AwaitedVolumes {
  readonly #reader: Reader;
  readonly #awaited = new Map<RecordKey, { readonly placement: Placement; readonly until: number }>();

  constructor(reader: Reader) {
    this.#reader = reader;
  }

  get size(): number {
    return this.#awaited.size;
  }

  add(placement: Placement, now: number): void {
    this.#awaited.set(placement.queued.key, { placement, until: now + patienceMs });
  }

  delete(key: RecordKey): void {
    this.#awaited.delete(key);
  }

  /** Whether it is this very pod that waits. */
  isStill(key: RecordKey, { metadata }: PlacedPod): boolean {
    return this.#awaited.get(key)?.placement.queued.info.pod.metadata.uid === metadata.uid;
  }

  /** Those that can be bound now; they wait no longer. */
  ready(now: number): Placement[] {
    const ready: Placement[] = [];
    for (const [key, { placement, until }] of this.#awaited)
      if (until > now && this.#claims(placement).every((claim) => claim !== undefined && isBound(claim))) {
        this.#awaited.delete(key);
        ready.push({ ...placement, steps: [] });
      }
    return ready;
  }

  /** Those whose time is over, or whose volumes can't be made for the node: who makes them takes the node off the claim. */
  givenUp(now: number): readonly Placement[] {
    const givenUp: Placement[] = [];
    for (const [key, { placement, until }] of this.#awaited) {
      const isLost = this.#claims(placement).some(
        (claim, at) =>
          claim === undefined ||
          (!isBound(claim) &&
            placement.steps.some(
              ({ claim: known, volume }) =>
                volume === undefined &&
                known.metadata.name === placement.queued.info.claims[at] &&
                annotationOf(claim, selectedNode) !== placement.nodeName,
            )),
      );
      if (!isLost && until > now) continue;
      this.#awaited.delete(key);
      givenUp.push(placement);
    }
    return givenUp;
  }

  nextAt(): number | undefined {
    const times = Array.from(this.#awaited.values(), ({ until }) => until);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  #claims({ queued }: Placement) {
    const { key, claims: names } = queued.info;
    return names.map((name) => this.#reader.get(claims, siblingKey(key, claims, name)));
  }
}
