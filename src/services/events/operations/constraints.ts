import { Constraints as RequestConstraints, type TextConstraint } from '../../constraints.ts';
import { busArn, defaultBus, type Scope } from '../arn.ts';
import { busNotFound, validationError } from '../errors.ts';

/** Violations of a request's constraints, refused with ValidationException. */
export class Constraints extends RequestConstraints {
  constructor() {
    super(validationError);
  }
}

export const nameConstraint: TextConstraint = {
  isRequired: true,
  minLength: 1,
  maxLength: 64,
  pattern: String.raw`[\.\-_A-Za-z0-9]+`,
};

/**
 * There is one bus; it is meant by its name, by its ARN, or by nothing.
 * @throws ResourceNotFoundException
 */
export function requireDefaultBus(scope: Scope, bus: string | undefined): void {
  if (bus !== undefined && bus !== defaultBus && bus !== busArn(scope, defaultBus)) throw busNotFound(bus);
}
