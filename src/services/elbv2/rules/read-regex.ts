import { checkExpression, ExpressionError } from '../../../balancing/index.ts';
import { shown, validationError } from '../errors.ts';

/**
 * A regular expression of a condition or a transform, which every data plane takes.
 * @returns how many captures it has. @throws ValidationError
 */
export function checkRegex(regex: string): { readonly captures: number } {
  return orRefused(`The regular expression '${shown(regex)}' is not valid`, () => checkExpression(regex));
}

/** What is wrong with a text becomes the end of a sentence. @throws ValidationError */
export function orRefused<Read>(sentence: string, read: () => Read): Read {
  try {
    return read();
  } catch (error) {
    if (error instanceof ExpressionError) throw validationError(`${sentence}: ${error.message}`);
    throw error;
  }
}
