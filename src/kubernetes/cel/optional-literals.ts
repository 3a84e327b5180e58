import { CelError } from './cel-error.ts';

/** What optional entries of literals become calls of. */
export const optionalItem = 'catamaran_some';
export const optionalEntry = 'catamaran_entry';
export const mapOfEntries = 'catamaran_entries';

/** A text, a comment, a name or a number, or one character of anything else. */
const token =
  /[bBrR]{0,2}("""[\s\S]*?"""|'''[\s\S]*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|\/\/[^\n]*|\w+|\s+|[\s\S]/g;
/** As deep as the library reads. */
const maxDepth = 100;
const hasOptional = /[[{,]\s*\?/;
const closing: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

/** An entry of a literal, or an argument. */
interface Entry {
  readonly isOptional: boolean;
  readonly key: string;
  readonly value: string;
}

/**
 * An expression whose literals have no optional entries, which the library does not know: `[a, ?b]` is a list and what the optional
 * value comes to, and `{?k: v}` the entries that are there.
 * @throws {CelError} it is too deep.
 */
export function withoutOptionalEntries(expression: string): string {
  if (!hasOptional.test(expression)) return expression;
  const tokens = expression.match(token) ?? [];
  let at = 0;
  const read = (end: string, depth = 0): readonly Entry[] => {
    if (depth > maxDepth) throw new CelError(`compilation failed: Exceeded maxDepth (${maxDepth})`);
    const entries: Entry[] = [];
    let entry = { isOptional: false, key: '', value: '' };
    // Of `a ? b : c`: the colon belongs to it.
    let conditions = 0;
    let before = end === '' ? '' : '(';
    for (; at < tokens.length; at++) {
      const part = tokens[at] as string;
      if (part === end) break;
      const isBlank = /^(\s|\/\/)/.test(part);
      const isFirst = entry.key === '' && entry.value.trim() === '';
      if (part === ',' && end !== '') {
        entries.push(entry);
        entry = { isOptional: false, key: '', value: '' };
      } else if (part === '?' && isFirst && end !== '') entry.isOptional = true;
      else if (part === ':' && conditions === 0 && end === '}') {
        entry.key = entry.value;
        entry.value = '';
      } else if (closing[part] !== undefined) {
        at += 1;
        const isLiteral = part === '{' || (part === '[' && !endsValue(before));
        entry.value += written(part, read(closing[part] as string, depth + 1), isLiteral);
      } else {
        if (part === '?') conditions += 1;
        if (part === ':') conditions -= 1;
        entry.value += part;
      }
      if (!isBlank) before = tokens[at] as string;
    }
    if (entry.key !== '' || entry.value.trim() !== '' || end === '') entries.push(entry);
    return entries;
  };
  return read('')[0]?.value ?? '';
}

/** Whether a bracket behind it is an index. */
const endsValue = (part: string): boolean => part !== 'in' && /^([\w)\]}]|["'])|["']$/.test(part);

function written(open: string, entries: readonly Entry[], isLiteral: boolean): string {
  const all = (some: readonly Entry[]): string =>
    some.map(({ isOptional, key, value }) => (isOptional ? '?' : '') + (key && `${key}:`) + value).join(',');
  if (!isLiteral || !entries.some(({ isOptional }) => isOptional)) return open + all(entries) + closing[open];
  const parts: string[] = [];
  for (const entry of entries) {
    if (open === '[') parts.push(entry.isOptional ? `${optionalItem}(${entry.value})` : `[${entry.value}]`);
    else
      parts.push(entry.isOptional ? `${optionalEntry}(${entry.key},${entry.value})` : `[{${all([entry])}}]`);
  }
  return open === '[' ? `(${parts.join('+')})` : `${mapOfEntries}(${parts.join('+')})`;
}
