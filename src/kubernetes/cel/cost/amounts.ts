/** Costs and sizes are counted up to here, and what nobody knows is this: an unsigned integer of 64 bits. */
const unknown = 2 ** 64;

/** How large a value is, at least and at most. */
export interface Size {
  readonly min: number;
  readonly max: number;
}

export const unknownSize: Size = { min: 0, max: unknown };

export const exactly = (size: number): Size => ({ min: size, max: size });

export const plus = (...amounts: readonly number[]): number =>
  Math.min(
    unknown,
    amounts.reduce((sum, amount) => sum + amount, 0),
  );

export const times = (one: number, other: number): number =>
  one === 0 || other === 0 ? 0 : Math.min(unknown, one * other);

/** Each begun unit counts. */
export const scaled = (amount: number, factor: number): number =>
  Math.min(unknown, Math.ceil(amount * factor));

export const sum = (one: Size, other: Size): Size => ({
  min: plus(one.min, other.min),
  max: plus(one.max, other.max),
});

export const product = (one: Size, other: Size): Size => ({
  min: times(one.min, other.min),
  max: times(one.max, other.max),
});

export const either = (one: Size, other: Size): Size => ({
  min: Math.min(one.min, other.min),
  max: Math.max(one.max, other.max),
});
