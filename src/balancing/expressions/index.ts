/** Regular expressions of rules: which are taken, and what they say, the same in every data plane. */
export { checkExpression, findExpression, matchesExpression, plainExpression } from './compiled.ts';
export { ExpressionError } from './expression.ts';
