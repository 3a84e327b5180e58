import { compileRegex } from './condition.ts';
import type { Matcher } from './matcher.ts';
import { Scanner } from './scanner.ts';

/**
 * Terms of unstructured text: `ERROR "time out"` wants all of them, `-DEBUG` must not be there, of `?WARN ?ERROR`
 * one is enough, `%4\d\d%` is a regular expression. Upper and lower case differ. A term is found as a word or a
 * run of words, not inside one: `ERROR` is not found in `ERRORS`.
 *
 * Terms with `?` count only when there are no others, as AWS does it (user guide, "Match terms in unstructured
 * log events").
 */
export function parseTermsPattern(pattern: string): Matcher {
  const wanted: Matcher[] = [];
  const unwanted: Matcher[] = [];
  const optional: Matcher[] = [];
  const scanner = new Scanner(pattern);
  for (scanner.skipSpaces(); !scanner.isAtEnd; scanner.skipSpaces()) {
    const list = scanner.accept('-') ? unwanted : scanner.accept('?') ? optional : wanted;
    list.push(scanTerm(scanner));
  }
  if (wanted.length === 0 && unwanted.length === 0) {
    return (message) => optional.some((matches) => matches(message));
  }
  return (message) =>
    wanted.every((matches) => matches(message)) && !unwanted.some((matches) => matches(message));
}

function scanTerm(scanner: Scanner): Matcher {
  const regex = scanner.regex();
  if (regex !== undefined) return compileRegex(regex);
  const term = scanner.quoted() ?? scanner.take(/[^\s"]+/y) ?? '';
  if (term === '') throw scanner.error('a term is missing');
  return (message) => containsWord(message, term);
}

/** `term` occurs in `message` with no letter, digit or underscore adjoining one of its own. */
function containsWord(message: string, term: string): boolean {
  const beginsWithWord = isWordCharacter(term[0]);
  const endsWithWord = isWordCharacter(term.at(-1));
  for (let at = message.indexOf(term); at !== -1; at = message.indexOf(term, at + 1)) {
    const isBoundBefore = !beginsWithWord || !isWordCharacter(message[at - 1]);
    const isBoundAfter = !endsWithWord || !isWordCharacter(message[at + term.length]);
    if (isBoundBefore && isBoundAfter) return true;
  }
  return false;
}

function isWordCharacter(character: string | undefined): boolean {
  return character !== undefined && /[\p{L}\p{N}_]/u.test(character);
}
