import type { ASTNode } from '@marcbachmann/cel-js';
import { nodesIn } from '../nodes.ts';

/** Functions of the library that are declared once more, in full: it takes no second declaration of one that it has. */
const amended = new Set(['bool', 'double', 'int', 'lowerAscii', 'string', 'uint', 'upperAscii']);

/** What it is declared as here, e.g. `catamaran_bool`. */
export const amendedName = (name: string): string => `catamaran_${name}`;

/**
 * Has an expression checked, and with that bound, by the functions that are declared here.
 * @param ast Read, and not yet checked; afterwards it names what its author named.
 */
export function checkedByAmended<T>(ast: ASTNode, check: () => T): T {
  const calls = [...nodesIn(ast)].flatMap(({ op, args }) =>
    (op === 'call' || op === 'rcall') && amended.has(args[0]) ? [args as [string, ...unknown[]]] : [],
  );
  for (const call of calls) call[0] = amendedName(call[0]);
  try {
    return check();
  } finally {
    for (const call of calls) call[0] = call[0].slice(amendedName('').length);
  }
}
