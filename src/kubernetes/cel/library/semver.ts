import type { Environment } from '@marcbachmann/cel-js';
import { CelError } from '../cel-error.ts';

/** Kubernetes' semantic versions: semver.org's, read strictly unless they are to be normalized. */
export function addSemver(environment: Environment): void {
  const type = 'kubernetes.Semver';
  environment
    .registerType(type, { ctor: Semver, fields: {} })
    .registerFunction(`semver(string): ${type}`, (text: string) => readSemver(text))
    .registerFunction(`semver(string, bool): ${type}`, (text: string, isTolerant: boolean) =>
      readSemver(isTolerant ? normalized(text) : text),
    )
    .registerFunction('isSemver(string): bool', (text: string) => isSemver(text))
    .registerFunction('isSemver(string, bool): bool', (text: string, isTolerant: boolean) =>
      isTolerant ? isShortSemver(text) : isSemver(text),
    )
    .registerFunction(`${type}.major(): int`, ({ numbers }: Semver) => numbers[0])
    .registerFunction(`${type}.minor(): int`, ({ numbers }: Semver) => numbers[1])
    .registerFunction(`${type}.patch(): int`, ({ numbers }: Semver) => numbers[2])
    .registerFunction(
      `${type}.isLessThan(${type}): bool`,
      (one: Semver, other: Semver) => compare(one, other) < 0,
    )
    .registerFunction(
      `${type}.isGreaterThan(${type}): bool`,
      (one: Semver, other: Semver) => compare(one, other) > 0,
    )
    .registerFunction(`${type}.compareTo(${type}): int`, (one: Semver, other: Semver) =>
      BigInt(compare(one, other)),
    )
    .registerOperator(`${type} == ${type}`, (one: Semver, other: Semver) => compare(one, other) === 0);
}

class Semver {
  readonly numbers: readonly [major: bigint, minor: bigint, patch: bigint];
  readonly prerelease: readonly string[];

  constructor(numbers: Semver['numbers'], prerelease: readonly string[]) {
    this.numbers = numbers;
    this.prerelease = prerelease;
  }
}

const number = String.raw`(0|[1-9]\d{0,19})`;
const identifiers = (one: string): string => String.raw`(${one}(?:\.${one})*)`;
const form = new RegExp(
  String.raw`^${number}\.${number}\.${number}(?:-${identifiers(String.raw`(?:0|[1-9]\d*|\d*[A-Za-z-][\dA-Za-z-]*)`)})?(?:\+${identifiers(String.raw`[\dA-Za-z-]+`)})?$`,
);
const maxNumber = 2n ** 64n;

function semverOf(text: string): Semver | undefined {
  const [whole, major = '', minor = '', patch = '', prerelease] = form.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const numbers = [BigInt(major), BigInt(minor), BigInt(patch)] as const;
  return numbers.some((it) => it >= maxNumber)
    ? undefined
    : new Semver(numbers, prerelease?.split('.') ?? []);
}

const isSemver = (text: string): boolean => semverOf(text) !== undefined;

function readSemver(text: string): Semver {
  const found = semverOf(text);
  if (found === undefined) throw new CelError(wordsAgainst(text));
  return found;
}

function isShortSemver(text: string): boolean {
  try {
    return isSemver(normalized(text));
  } catch {
    return false;
  }
}

/** As the parser of upstream says it. */
function wordsAgainst(text: string): string {
  if (text === '') return 'Version string empty';
  const parts = text.split('.');
  if (parts.length < 3) return 'No Major.Minor.Patch elements found';
  const [major = '', minor = '', patch = ''] = parts;
  for (const [name, part] of [
    ['major', major],
    ['minor', minor],
    ['patch', patch.replace(/[-+].*$/, '')],
  ] as const) {
    if (!/^\d+$/.test(part)) return `Invalid character(s) found in ${name} number ${JSON.stringify(part)}`;
    if (part.length > 1 && part.startsWith('0'))
      return `${name[0]?.toUpperCase()}${name.slice(1)} number must not contain leading zeroes ${JSON.stringify(part)}`;
  }
  return `invalid semantic version ${JSON.stringify(text)}`;
}

/** Without a `v` before it and leading zeros, and with all three numbers. */
function normalized(text: string): string {
  const [major = '', minor, ...rest] = text.replace(/^v/, '').split('.');
  const parts = [
    major,
    ...(minor === undefined ? [] : [minor]),
    ...(rest.length > 0 ? [rest.join('.')] : []),
  ];
  const shortened = parts.map((part) => part.replace(/^0+(?=\d)/, ''));
  if (parts.length < 3 && /[+-]/.test(parts.at(-1) ?? ''))
    throw new CelError('short version cannot contain PreRelease/Build meta data');
  return [...shortened, '0', '0'].slice(0, Math.max(3, shortened.length)).join('.');
}

/** A version before its release is less than that release. @returns -1, 0 or 1. */
function compare(one: Semver, other: Semver): number {
  for (const [at, own] of one.numbers.entries()) {
    const its = other.numbers[at] ?? 0n;
    if (own !== its) return own < its ? -1 : 1;
  }
  const [left, right] = [one.prerelease, other.prerelease];
  if (left.length === 0 || right.length === 0) return Math.sign(right.length - left.length);
  for (const [at, own] of left.entries()) {
    const its = right[at];
    if (its === undefined) return 1;
    const found = compareIdentifiers(own, its);
    if (found !== 0) return found;
  }
  return left.length < right.length ? -1 : 0;
}

/** Numbers come before words, and by their size. */
function compareIdentifiers(one: string, other: string): number {
  const [left, right] = [one, other].map((it) => (/^\d+$/.test(it) ? BigInt(it) : undefined));
  if (left !== undefined && right !== undefined) return left < right ? -1 : left > right ? 1 : 0;
  if (left !== undefined || right !== undefined) return left === undefined ? 1 : -1;
  return one < other ? -1 : one > other ? 1 : 0;
}
