import { decodeJwt, errors } from 'jose';

/** Whose a JSON Web Token says that it is, not believed yet; undefined: it is none, or says nothing of it. */
export function claimedIssuer(token: string): unknown {
  // Tokens of other kinds come with every request: an error for each would cost more than all the rest.
  if (token.split('.', 4).length !== 3) return undefined;
  try {
    return decodeJwt(token).iss;
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError) return undefined;
    throw error;
  }
}
