import { Constraints as RequestConstraints, type TextConstraint } from '../../constraints.ts';
import { validationError } from '../errors.ts';

/** Violations of a request's constraints, refused with ValidationError. */
export class Constraints extends RequestConstraints {
  constructor() {
    super(validationError);
  }

  /** The same for every member of a list. */
  texts(path: string, values: readonly string[] | undefined, constraint: TextConstraint): this {
    values?.forEach((value, index) => {
      this.text(`${path}.${index + 1}.member`, value, constraint);
    });
    return this;
  }
}

/** Any policy document: more than IAM keeps, for white space does not count there. */
export const policyDocumentConstraint: TextConstraint = {
  minLength: 1,
  maxLength: 131_072,
  pattern: String.raw`[\u0009\u000A\u000D\u0020-\u00FF]+`,
};
