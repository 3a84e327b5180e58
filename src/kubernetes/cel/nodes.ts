import type { ASTNode } from '@marcbachmann/cel-js';

/** All parts of an expression, each before what it consists of. */
export function* nodesIn(part: unknown): Generator<ASTNode> {
  if (Array.isArray(part)) for (const it of part) yield* nodesIn(it);
  else if (isNode(part)) {
    yield part;
    yield* nodesIn(part.args);
  }
}

const isNode = (part: unknown): part is ASTNode => typeof part === 'object' && part !== null && 'op' in part;
