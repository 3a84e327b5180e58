import { Constraints as RequestConstraints, type TextConstraint } from '../constraints.ts';
import { invalidParameter } from './errors.ts';

/** Violations of a request's constraints, refused with InvalidParameterException. */
export class Constraints extends RequestConstraints {
  constructor() {
    super(invalidParameter);
  }
}

export const groupNameConstraint: TextConstraint = {
  minLength: 1,
  maxLength: 512,
  pattern: String.raw`[\.\-_/#A-Za-z0-9]+`,
};
/** A name or an ARN. */
export const groupIdentifierConstraint: TextConstraint = {
  minLength: 1,
  maxLength: 2048,
  pattern: String.raw`[\w#+=/:,.@-]*`,
};
export const streamNameConstraint: TextConstraint = { minLength: 1, maxLength: 512, pattern: '[^:*]*' };
