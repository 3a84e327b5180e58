import { Refusal } from '../../../protocols/index.ts';

export const invalidAddress = (message: string): Refusal => new Refusal('InvalidParameterValue', message);
export const addressInUse = (address: string): Refusal =>
  new Refusal('InvalidIPAddress.InUse', `Address ${address} is in use.`);
