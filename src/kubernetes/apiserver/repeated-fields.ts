import type { Json } from '../../store/index.ts';

/**
 * The fields that a text has more than once in the same object, e.g. `spec.ports[0].name`, each once, in the order of the text.
 * @param text JSON. @param parsed What it was read as: of a repeated field what came last.
 */
export function repeatedFields(text: string, parsed: Json): readonly string[] {
  // Hardly any text has one: whether it has is found without a path being made.
  return countFields(text) === countMembers(parsed) ? [] : [...new Set(findRepeated(text))];
}

function* findRepeated(text: string): Generator<string> {
  for (const { path, isRepeated } of fieldsOf(text)) if (isRepeated) yield path;
}

/** Deeper than any object: the text itself is looked at then, for which no depth is too much. */
const maxDepth = 200;

function countMembers(value: Json, depth = 0): number {
  if (typeof value !== 'object' || value === null || depth > maxDepth) return 0;
  let count = 0;
  if (Array.isArray(value))
    for (const item of value as readonly Json[]) count += countMembers(item, depth + 1);
  else for (const member of Object.values(value)) count += 1 + countMembers(member, depth + 1);
  return count;
}

/** Texts with a colon behind them are names. */
function countFields(text: string): number {
  let count = 0;
  for (let start = text.indexOf('"'); start !== -1; ) {
    const next = afterSpace(text, endOfText(text, start));
    if (text[next] === ':') count += 1;
    start = text.indexOf('"', next);
  }
  return count;
}

/** What is open: an object with the names it has had, or a list with the place of the item that comes. */
interface Open {
  readonly path: string;
  readonly names?: Set<string>;
  index: number;
}

/** Each as it comes. @param text JSON. */
export function* fieldsOf(text: string): Generator<{ readonly path: string; readonly isRepeated: boolean }> {
  const open: Open[] = [];
  let path = '';
  const enter = (names?: Set<string>): void => {
    open.push({ path, index: 0, ...(names && { names }) });
    if (names === undefined) path += '[0]';
  };
  for (let at = 0; at < text.length; at++) {
    const within = open.at(-1);
    switch (text[at]) {
      case '{':
        enter(new Set());
        break;
      case '[':
        enter();
        break;
      case '}':
      case ']':
        open.pop();
        path = within?.path ?? '';
        break;
      case ',':
        if (within !== undefined && within.names === undefined) path = `${within.path}[${++within.index}]`;
        break;
      case '"': {
        const end = endOfText(text, at);
        if (within?.names !== undefined && text[afterSpace(text, end)] === ':') {
          const name = JSON.parse(text.slice(at, end)) as string;
          path = within.path === '' ? name : `${within.path}.${name}`;
          yield { path, isRepeated: within.names.has(name) };
          within.names.add(name);
        }
        at = end - 1;
      }
    }
  }
}

/** Behind a text that begins at a quotation mark. */
function endOfText(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let escapes = 0;
    while (text[end - 1 - escapes] === '\\') escapes += 1;
    if (escapes % 2 === 0) return end + 1;
  }
  return text.length;
}

function afterSpace(text: string, start: number): number {
  let at = start;
  while (text[at] === ' ' || text[at] === '\n' || text[at] === '\r' || text[at] === '\t') at += 1;
  return at;
}
