import type { Document, Node, visit as Visit, YAMLError } from 'yaml';

/** Who finds it upstream: the reader of tokens counts lines from one, the reader of what they mean from zero. */
type By = 'parser' | 'scanner';

/** What Go's YAML says of a text that is none, e.g. `line 3: mapping values are not allowed in this context`. */
export function goYamlError(text: string, error: YAMLError): string {
  const [words, by, at] = told(text, error);
  const line = lineOf(text, at) - 1;
  return line === 0 ? words : `line ${by === 'scanner' ? line + 1 : line}: ${words}`;
}

/** What Go's YAML says of a document that parses and means nothing, or too much. */
export function goYamlTrouble(message: string): string {
  // A document nested a hundred thousand times leaves no room on the stack.
  if (/call stack/i.test(message)) return 'exceeded max depth of 10000';
  if (message.startsWith('Excessive alias')) return 'document contains excessive aliasing';
  const [, anchor] = /^Unresolved alias .*: (.*)$/.exec(message) ?? [];
  return anchor === undefined ? message : `unknown anchor '${anchor}' referenced`;
}

/** What Go's YAML says of keys that are in their map already, by the line in which they are again. */
export function repeatedKeys(text: string, document: Document, visit: typeof Visit): readonly string[] {
  const all: string[] = [];
  visit(document, {
    Map: (_, { items }) => {
      const keys = new Set<unknown>();
      for (const { key } of items) {
        const { value, range } = key as Node & { readonly value?: unknown };
        if (keys.has(value))
          all.push(`line ${lineOf(text, range?.[0] ?? 0)}: key ${JSON.stringify(value)} already set in map`);
        if (value !== undefined) keys.add(value);
      }
    },
  });
  return all;
}

/** From one on. */
const lineOf = (text: string, at: number): number => text.slice(0, at).split('\n').length;

function told(
  text: string,
  { code, message, pos: [start] }: YAMLError,
): readonly [words: string, by: By, at: number] {
  switch (code) {
    case 'BLOCK_AS_IMPLICIT_KEY':
    case 'MULTILINE_IMPLICIT_KEY':
      if (text.startsWith('- ', start)) return ['did not find expected key', 'parser', start];
      return [
        'mapping values are not allowed in this context',
        'scanner',
        start + Math.max(0, text.slice(start).search(/:\s/)),
      ];
    case 'TAB_AS_INDENT':
    case 'BAD_SCALAR_START':
      return ['found character that cannot start any token', 'scanner', start];
    case 'BAD_DQ_ESCAPE':
      return ['found unknown escape character', 'scanner', start];
    case 'BAD_INDENT':
    case 'MISSING_CHAR':
      if (message.startsWith('Missing closing'))
        return ['found unexpected end of stream', 'scanner', text.length];
      if (message.startsWith('Implicit map keys'))
        return [`could not find expected ':'`, 'scanner', afterLine(text, start)];
      if (!message.startsWith('Flow')) return ['did not find expected key', 'parser', start];
      if (/[[{,:]\s*$/.test(text.slice(0, start)) && text.slice(start).trim() === '')
        return ['did not find expected node content', 'parser', start];
      return [`did not find expected ',' or '${message.includes('sequence') ? ']' : '}'}'`, 'parser', start];
    case 'UNEXPECTED_TOKEN':
      return /^[\]}]/.test(text.slice(start))
        ? ['did not find expected node content', 'parser', start]
        : [`did not find expected '-' indicator`, 'parser', start];
    default:
      return [goYamlTrouble(message.split(' at line')[0] ?? message), 'scanner', start];
  }
}

function afterLine(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end === -1 ? text.length : end + 1;
}
