import { Refusal } from '../../protocols/index.ts';

/** What the validation that AWS's services share finds. */
export const validationError = (message: string): Refusal =>
  new Refusal('ValidationError', message, { status: 400 });
/** What a request asks for and Catamaran can't do yet: refused before anything changes. */
export const unsupported = (what: string, reason: string): Refusal =>
  new Refusal(
    'UnsupportedOperation',
    `${what} is not supported by this version of Catamaran yet: ${reason}.`,
    {
      status: 400,
    },
  );
