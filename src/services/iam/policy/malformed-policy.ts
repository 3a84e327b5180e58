/**
 * A document that is no policy. `message` is IAM's, as it stands in MalformedPolicyDocument; operations translate it
 * to the error that is theirs.
 */
export class MalformedPolicy extends Error {
  override readonly name = 'MalformedPolicy';
}

export const syntaxError = (): MalformedPolicy => new MalformedPolicy('Syntax errors in policy.');
export const legacyParsingError = (): MalformedPolicy =>
  new MalformedPolicy('The policy failed legacy parsing');
