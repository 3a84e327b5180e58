import type { DeleteNetworkInterfaceCommandInput } from '@aws-sdk/client-ec2';
import type { Call } from '../../service.ts';
import type { Ec2Context } from '../context.ts';
import { invalidParameterValue } from '../errors.ts';
import { requireRecord } from '../ids.ts';
import { kinds } from '../kinds.ts';
import { notYours } from './own-interface.ts';
import { removeInterface } from './remove-interface.ts';

/** Routes to it become black holes. @throws {Refusal} InvalidParameterValue (it is in use), AuthFailure (it is a service's) */
export async function deleteNetworkInterface(
  { state }: Ec2Context,
  { NetworkInterfaceId }: DeleteNetworkInterfaceCommandInput,
  call: Call,
): Promise<object> {
  await state.transact((tx) => {
    const found = requireRecord(tx, call, kinds.networkInterface, NetworkInterfaceId, 'NetworkInterfaceId');
    if (found.attachment !== undefined)
      throw invalidParameterValue(`Network interface '${found.id}' is currently in use.`);
    if (found.requesterId !== undefined) throw notYours();
    removeInterface(tx, call, found);
  });
  return {};
}
