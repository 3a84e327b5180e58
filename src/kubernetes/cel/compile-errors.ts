import type { ASTNode } from '@marcbachmann/cel-js';
import { optionalEntry, optionalItem } from './optional-literals.ts';
import { syntaxFaults } from './syntax-errors.ts';

/** Why an expression is none, or not of a type, as the library says it. */
interface LibraryError extends Error {
  readonly code?: string;
  readonly summary?: string;
  /** What it is about; of what could not be read only where it stands. */
  readonly node?: Partial<ASTNode> & { readonly pos: number };
}

interface Told {
  readonly text: string;
  /** In the expression, from 0. */
  readonly at: number;
}

/**
 * `ERROR: <input>:1:5: undefined field 'other'`, with the line and a mark below it, as cel-go tells it.
 * @param written By its author; where it was read as another one, nobody knows where in it something is wrong.
 * @param isFunction Whether anything is called so.
 */
export function compileErrorText(
  written: string,
  expression: string,
  error: unknown,
  isFunction: (name: string) => boolean,
): string {
  if (!(error instanceof Error)) return String(error);
  const { node, summary = error.message } = error as LibraryError;
  if (node === undefined) return summary;
  const { code } = error as LibraryError;
  const faults = node.op === undefined && code !== 'limit_exceeded' ? syntaxFaults(written) : undefined;
  if (faults !== undefined)
    return faults.map(({ text, at }) => placed(written, `Syntax error: ${text}`, at)).join('\n');
  const { text, at } = told(expression, error as LibraryError, node as ASTNode, isFunction);
  return written === expression ? placed(expression, text, at) : text;
}

function placed(expression: string, text: string, at: number): string {
  const before = expression.slice(0, at).split('\n');
  const column = before.at(-1)?.length ?? 0;
  const line = expression.split('\n')[before.length - 1] ?? '';
  return `ERROR: <input>:${before.length}:${column + 1}: ${text}\n | ${line}\n | ${'.'.repeat(column)}^`;
}

function told(
  expression: string,
  { code = '', summary = '' }: LibraryError,
  node: ASTNode,
  isFunction: (name: string) => boolean,
): Told {
  const asIs = { text: summary, at: node.pos };
  const after = (part: ASTNode, sign: string): number => {
    const found = expression.indexOf(sign, part.range.end);
    return found === -1 ? node.pos : found;
  };
  const undeclared = (name: string, at: number): Told => ({
    text: `undeclared reference to '${name}' (in container '')`,
    at,
  });
  const unmatched = (name: string, types: string, at: number): Told => ({
    text: `found no matching overload for '${name}' applied to '${types}'`,
    at,
  });
  // Of what the library could not read there is no part.
  if (node.op === undefined) return { ...asIs, text: `Syntax error: ${summary}` };
  switch (node.op) {
    case 'id':
      return code === 'unknown_variable' ? undeclared(node.args, node.pos) : asIs;
    case '.':
    case '.?':
      return { text: accessText(node, code) ?? summary, at: after(node.args[0], '.') };
    case '[]':
    case '[?]':
      return code.endsWith('index_type')
        ? unmatched(node.op === '[]' ? '_[_]' : '_[?_]', typesOf(node.args), after(node.args[0], '['))
        : asIs;
    case '!_':
    case '-_':
      return code === 'no_such_overload' ? unmatched(node.op, typesOf([node.args]), node.pos) : asIs;
    case '?:':
      return unmatched('_?_:_', typesOf(node.args), after(node.args[0], '?'));
    case 'call': {
      const [field] = node.args[1];
      if (node.args[0] === 'has' && field?.op === '.')
        return { text: accessText(field, code) ?? summary, at: expression.indexOf('(', node.pos) };
      if (code !== 'no_matching_overload') return asIs;
      const [name, args] = node.args;
      const at = expression.indexOf('(', node.pos);
      if (name === optionalItem || name === optionalEntry) {
        const type = typeText(args.at(-1) as ASTNode);
        return { text: `expected type 'optional_type(${type})' but found '${type}'`, at };
      }
      return isFunction(name) ? unmatched(name, typesOf(args), at) : undeclared(name, at);
    }
    case 'rcall': {
      if (code !== 'no_matching_overload') return asIs;
      const [name, receiver, args] = node.args;
      const at = expression.indexOf('(', expression.indexOf(name, receiver.range.end));
      return isFunction(name)
        ? unmatched(name, `${typeText(receiver)}.${typesOf(args)}`, at)
        : undeclared(name, at);
    }
    case 'value':
    case 'list':
    case 'map':
      return asIs;
    default: {
      const name = node.op === 'in' ? '@in' : `_${node.op}_`;
      return unmatched(name, typesOf(node.args), after(node.args[0], node.op));
    }
  }
}

/** What is wrong with `a.b`. */
function accessText(
  { args: [of, name] }: ASTNode & { readonly op: '.' | '.?' },
  code: string,
): string | undefined {
  if (code === 'no_such_key') return `undefined field '${name}'`;
  return code.endsWith('index_type') ? `type '${typeText(of)}' does not support field selection` : undefined;
}

const typesOf = (parts: readonly ASTNode[]): string => `(${parts.map(typeText).join(', ')})`;

/** As cel-go writes types: `map(string, list(int))`. */
function typeText(part: ASTNode): string {
  const { checkedType } = part as ASTNode & { readonly checkedType?: { readonly name: string } };
  return (checkedType?.name ?? 'dyn').replaceAll('<', '(').replaceAll('>', ')');
}
