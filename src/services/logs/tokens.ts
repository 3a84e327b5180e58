import { invalidParameter } from './errors.ts';
import type { Position } from './events/index.ts';

/**
 * Places in the order of events, as AWS writes them: 56 digits, here 20 for the time and 36 for the sequence
 * number, so that they also sort as texts.
 */
const timeDigits = 20;
const sequenceDigits = 36;

/** An event's id, and the heart of every token. */
export function positionDigits({ timestamp, sequence }: Position): string {
  return String(timestamp).padStart(timeDigits, '0') + String(sequence).padStart(sequenceDigits, '0');
}

function parsePosition(digits: string): Position {
  const position = {
    timestamp: Number(digits.slice(0, timeDigits)),
    sequence: Number(digits.slice(timeDigits)),
  };
  if (!Number.isSafeInteger(position.timestamp) || !Number.isSafeInteger(position.sequence))
    throw invalidToken();
  return position;
}

export type Direction = 'forward' | 'backward';

/** GetLogEvents' tokens: `f/<digits>/s` and `b/<digits>/s`. */
export function pageToken(direction: Direction, position: Position): string {
  return `${direction === 'forward' ? 'f' : 'b'}/${positionDigits(position)}/s`;
}

/** @throws InvalidParameterException it is not one of ours. */
export function parsePageToken(token: string): {
  readonly direction: Direction;
  readonly position: Position;
} {
  const parts = /^([fb])\/(\d{56})\/s$/.exec(token);
  if (parts?.[1] === undefined || parts[2] === undefined) throw invalidToken();
  return { direction: parts[1] === 'f' ? 'forward' : 'backward', position: parsePosition(parts[2]) };
}

/** PutLogEvents' sequence token, which AWS gives and no longer asks for. */
export function sequenceToken(time: number): string {
  return `4${String(time).padStart(55, '0')}`;
}

const invalidToken = () => invalidParameter('The specified nextToken is invalid.');
