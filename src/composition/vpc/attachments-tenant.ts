import type { VpcTenant } from './follow-vpcs.ts';

/** Tells EC2 which of the interfaces that are attached to this machine's instances are on it. */
export function attachmentsTenant(
  network: { attached(): readonly string[] },
  note: (vpcKey: string, isThere: (interfaceId: string) => boolean) => Promise<void>,
): VpcTenant {
  return {
    settle: async (_vpc, vpcKey) => {
      const there = new Set(network.attached());
      await note(vpcKey, (interfaceId) => there.has(interfaceId));
    },
    leave: async () => {},
    [Symbol.asyncDispose]: async () => {},
  };
}
