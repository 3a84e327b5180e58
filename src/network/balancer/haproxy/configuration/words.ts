import { patternParts, plainExpression, replacementParts } from '../../../../balancing/index.ts';
import { BalancerError } from '../../balancer.ts';

/**
 * How texts of others come into a configuration without ever being read as configuration. Patterns become regular
 * expressions of a few harmless characters; whatever else is not ours goes through `word`.
 */

/**
 * One word of a line, whatever it contains.
 * @throws {BalancerError} It has control characters: a line can't hold them.
 */
export function word(text: string): string {
  if (/\p{Cc}/u.test(text)) {
    throw new BalancerError(`Cannot write ${JSON.stringify(text)} into a configuration: control characters`);
  }
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** A string argument of a sample fetch or converter, to stand between its parentheses within a `word`. */
export function argument(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}

/** Text within a log format, to stand within a `word`. */
export function formatText(text: string): string {
  return text.replaceAll('%', '%%');
}

/**
 * A pattern as a regular expression, without its ends. What stands between two runs is taken where it first comes, for
 * good: so no text, however chosen, makes the search go back and forth.
 * @param any What `*` and `?` take: a character or a class of them.
 */
export function patternExpression(pattern: string, { any = '.', hasEscapes = false } = {}): string {
  const pieces: string[] = [''];
  for (const part of patternParts(pattern, hasEscapes)) {
    if (part.type === 'run') pieces.push('');
    else pieces.push(`${pieces.pop()}${part.type === 'one' ? any : characterExpression(part.character)}`);
  }
  const first = pieces.shift() ?? '';
  const last = pieces.pop();
  const between = pieces.filter((piece) => piece !== '').map((piece) => `(?>${any}*?${piece})`);
  return `${first}${between.join('')}${last === undefined ? '' : `${any}*${last}`}`;
}

/** Of PCRE2's steps back and forth, some hundredths of a second. An expression that needs more has no match. */
const mostSteps = 1_000_000;

/**
 * A regular expression of a rule, as PCRE2 reads it, for the first place at which it matches. PCRE2 counts its steps
 * anew for each place at which a match may begin: so the way to that place is part of what is searched for.
 */
export function searchExpression(expression: string): string {
  const plain = plainExpression(expression);
  const hasChoices = /(?:^|[^\\])\|/.test(plain);
  const anchored = plain.startsWith('\\A') && !hasChoices ? plain : `\\A[\\x00-\\xff]*?\\K(?:${plain})`;
  return `(*LIMIT_MATCH=${mostSteps})${anchored}`;
}

/** A replacement as HAProxy's `regsub` takes it. */
export function replacementText(replace: string): string {
  return replacementParts(replace)
    .map((part) => (typeof part === 'number' ? `\\${part}` : Array.from(part, characterExpression).join('')))
    .join('');
}

/** HAProxy's regular expressions see bytes. */
function characterExpression(character: string): string {
  if (/[A-Za-z0-9]/.test(character)) return character;
  return [...Buffer.from(character)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
}
