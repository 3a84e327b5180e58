import { Refusal } from '../../../protocols/index.ts';

/** In the words of STS, which gives out what is decided here. */
export const accessDenied = (message: string): Refusal =>
  new Refusal('AccessDenied', message, { status: 403 });
export const invalidParameterValue = (message: string): Refusal =>
  new Refusal('InvalidParameterValue', message, { status: 400 });
