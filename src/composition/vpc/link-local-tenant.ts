import type { VpcNetwork } from '../../network/index.ts';
import { type LinkLocalListener, linkLocalAddress } from '../../node/index.ts';
import type { VpcTenant } from './follow-vpcs.ts';

/** Tasks in each VPC ask for their metadata and their role's credentials at 169.254.170.2. */
export function linkLocalTenant(
  network: Pick<VpcNetwork, 'openSocket' | 'interfaceAt'>,
  listener: Pick<LinkLocalListener, 'listenWithin'>,
): VpcTenant {
  const listening = new Map<string, AsyncDisposable>();
  const leave = async (vpcId: string): Promise<void> => {
    const server = listening.get(vpcId);
    listening.delete(vpcId);
    await server?.[Symbol.asyncDispose]();
  };
  return {
    settle: async ({ id }) => {
      if (listening.has(id)) return;
      const fd = network.openSocket(id, { type: 'tcp', address: linkLocalAddress, port: 80 });
      listening.set(id, await listener.listenWithin({ fd }, (address) => network.interfaceAt(id, address)));
    },
    leave,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([...listening.keys()].map(leave));
    },
  };
}
