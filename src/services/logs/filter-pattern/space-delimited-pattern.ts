import { type Condition, parseNumber, scanCondition, scanOperator } from './condition.ts';
import type { Matcher } from './matcher.ts';
import { Scanner } from './scanner.ts';

/** Whether a column's text fits. */
type Column = (text: string) => boolean;

/**
 * Patterns over messages whose columns are parted by spaces; a column in `[...]` or `"..."` may hold spaces:
 *
 *     [ip, user, ..., request = *.html*, status = 4* && status != 404, bytes > 1000]
 *
 * There must be as many columns as the pattern names; `...` stands for any number of them and may be used once.
 */
export function parseSpaceDelimitedPattern(pattern: string): Matcher {
  const scanner = new Scanner(pattern);
  scanner.expect('[');
  const head: Column[] = [];
  const tail: Column[] = [];
  let hasEllipsis = false;
  do {
    scanner.skipSpaces();
    if (scanner.accept('...')) {
      if (hasEllipsis) throw scanner.error('... may be used once');
      hasEllipsis = true;
      scanner.skipSpaces();
    } else {
      (hasEllipsis ? tail : head).push(scanColumn(scanner));
    }
  } while (scanner.accept(','));
  scanner.expect(']');
  scanner.skipSpaces();
  if (!scanner.isAtEnd) throw scanner.error('nothing may follow the closing bracket');

  const named = head.length + tail.length;
  return (message) => {
    const texts = splitColumns(message);
    if (hasEllipsis ? texts.length < named : texts.length !== named) return false;
    const fits = (columns: readonly Column[], offset: number): boolean =>
      columns.every((column, index) => column(texts[offset + index] ?? ''));
    return fits(head, 0) && fits(tail, texts.length - tail.length);
  };
}

/** `name`, `name = 4*`, `name = A || name = B`, or nothing; && binds closer than ||. */
function scanColumn(scanner: Scanner): Column {
  const alternatives: Condition[][] = [[]];
  while (true) {
    scanner.skipSpaces();
    const name = scanner.take(/[\p{L}\p{N}_$.@-]+/uy);
    scanner.skipSpaces();
    const operator = scanOperator(scanner);
    if (operator !== undefined) {
      if (name === undefined) throw scanner.error("a column's name is missing");
      scanner.skipSpaces();
      alternatives.at(-1)?.push(scanCondition(scanner, operator, /[^\s",\]|&]+/y));
      scanner.skipSpaces();
    }
    if (scanner.accept('||')) alternatives.push([]);
    else if (!scanner.accept('&&')) break;
  }
  return (text) => {
    const number = parseNumber(text);
    return alternatives.some((conditions) => conditions.every((fits) => fits(text, number)));
  };
}

/** A message's columns, without the brackets or quotation marks around them. */
export function splitColumns(message: string): readonly string[] {
  const columns: string[] = [];
  const closings = { '[': new NextIndex(message, ']'), '"': new NextIndex(message, '"') };
  const isColumnEnd = (at: number): boolean => at >= message.length || /\s/.test(message.charAt(at));
  let at = 0;
  while (at < message.length) {
    if (isColumnEnd(at)) {
      at += 1;
      continue;
    }
    const opening = message[at];
    const closing = opening === '[' || opening === '"' ? closings[opening].from(at + 1) : -1;
    if (closing !== -1 && isColumnEnd(closing + 1)) {
      columns.push(message.slice(at + 1, closing));
      at = closing + 1;
      continue;
    }
    const start = at;
    while (!isColumnEnd(at)) at += 1;
    columns.push(message.slice(start, at));
  }
  return columns;
}

/** Where a character comes next. Remembers the last answer, so that walking through a text takes linear time. */
class NextIndex {
  readonly #text: string;
  readonly #character: string;
  #found = -2;

  constructor(text: string, character: string) {
    this.#text = text;
    this.#character = character;
  }

  /** The first index from `start` on, which must not go back; -1 when there is none. */
  from(start: number): number {
    if (this.#found !== -1 && this.#found < start) this.#found = this.#text.indexOf(this.#character, start);
    return this.#found;
  }
}
