import { Refusal } from '../../protocols/index.ts';

/** The SDK's model knows none of EC2's errors by name (EC2 developer guide, "Error codes"). */
export const ec2Refusal = (code: string, message: string): Refusal =>
  new Refusal(code, message, { status: 400 });

export const invalidParameterValue = (message: string): Refusal =>
  ec2Refusal('InvalidParameterValue', message);
/** @param name As AWS says it, in lower camel case, e.g. `cidrBlock`. */
export const invalidValue = (value: string, name: string, why: string): Refusal =>
  invalidParameterValue(`Value (${shown(value)}) for parameter ${name} is invalid. ${why}`);
export const invalidParameterCombination = (message: string): Refusal =>
  ec2Refusal('InvalidParameterCombination', message);
/** @param name As a request carries it, e.g. `VpcId`. */
export const missingParameter = (name: string): Refusal =>
  ec2Refusal('MissingParameter', `The request must contain the parameter ${name}`);
export const operationNotPermitted = (message: string): Refusal =>
  ec2Refusal('OperationNotPermitted', message);
export const dependencyViolation = (message: string): Refusal => ec2Refusal('DependencyViolation', message);
/** @param noun As AWS says it there, e.g. `vpc`, `subnet`, `routeTable`. */
export const hasDependencies = (noun: string, id: string): Refusal =>
  dependencyViolation(`The ${noun} '${id}' has dependencies and cannot be deleted.`);
/** @param noun As AWS says it there, e.g. `VPCs`, `addresses`. */
export const limitReached = (code: string, noun: string): Refusal =>
  ec2Refusal(code, `The maximum number of ${noun} has been reached.`);
/** What a request asks for and Catamaran can't do yet: refused before anything changes. */
export const unsupported = (what: string): Refusal =>
  ec2Refusal('UnsupportedOperation', `${what} not supported by this version of Catamaran yet.`);
/** Whoever asked with `DryRun` was authorised. */
export const dryRunSucceeded = (): Refusal =>
  new Refusal('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.', { status: 412 });

/** What somebody sent, in a message of bounded length. */
export function shown(value: string): string {
  return value.length > 255 ? `${value.slice(0, 255)}...` : value;
}
