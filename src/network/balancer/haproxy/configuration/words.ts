import { patternParts } from '../../../../balancing/index.ts';
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

/** HAProxy's regular expressions see bytes. */
function characterExpression(character: string): string {
  if (/[A-Za-z0-9]/.test(character)) return character;
  return [...Buffer.from(character)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
}
