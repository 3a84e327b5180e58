/**
 * Chance and identity, as things that are passed in: the same seed replays the same run.
 */
export interface Random {
  /** A float in [0, 1). */
  float(): number;
  /** An integer in [0, exclusiveMax). */
  integer(exclusiveMax: number): number;
  /** `count` bytes; from the operating system's CSPRNG outside simulations, so fit for keys. */
  bytes(count: number): Uint8Array;
}
