import type * as eventbridge from '@aws-sdk/client-eventbridge';
import { Refusal } from '../../protocols/index.ts';

/** Every error that the EventBridge model knows, by name, and the one of the validation that services share. */
type EventBridgeErrorCode = Extract<keyof typeof eventbridge, `${string}Exception`> | 'ValidationException';

const eventBridgeRefusal = (code: EventBridgeErrorCode, message: string): Refusal =>
  new Refusal(code, message, { status: 400 });

export const validationError = (message: string): Refusal =>
  eventBridgeRefusal('ValidationException', message);
export const invalidPattern = (reason: string): Refusal =>
  eventBridgeRefusal('InvalidEventPatternException', `Event pattern is not valid. Reason: ${reason}`);
export const ruleNotFound = (name: string): Refusal =>
  eventBridgeRefusal('ResourceNotFoundException', `Rule ${name} does not exist on EventBus default.`);
export const busNotFound = (name: string): Refusal =>
  eventBridgeRefusal('ResourceNotFoundException', `Event bus ${name} does not exist.`);
export const limitExceeded = (message: string): Refusal =>
  eventBridgeRefusal('LimitExceededException', message);
/** What a request asks for and Catamaran can't do yet: refused before anything changes. */
export const unsupported = (what: string): Refusal =>
  eventBridgeRefusal('OperationDisabledException', `${what} not supported by this version of Catamaran yet.`);
