import { expect, it } from 'vitest';
import { whyNoVpcs } from './open.ts';
import { eni, eniId, vpc } from './testing/topologies.ts';

const why = await whyNoVpcs();

it.skipIf(why !== undefined)(`the kernel’s network is opened with the first VPC ${why ?? ''}`, async () => {
  const { TestMachine } = await import('./testing/machine.ts');
  const { LinuxNetworkOnDemand } = await import('./on-demand.ts');
  await using machine = new TestMachine();
  const { installationId, clock, log, host } = machine;
  const options = {
    ...{ installationId, clock, log },
    publicCidr: '198.51.100.0/24',
    hostNamespacePath: host.path,
  };
  const one = '10.0.1.10';
  const topology = vpc({ interfaces: [eni(one)] });
  {
    await using network = new LinuxNetworkOnDemand(options);
    await network.removeOthers([]);
    await network.setMachines(undefined);
    await network.detach(eniId(one));
    await network.remove(topology.id);
    expect(network.attached()).toEqual([]);
    expect(() => network.openSocket(topology.id, { type: 'tcp', address: '0.0.0.0', port: 80 })).toThrow(
      'no VPC is on this machine',
    );
    expect(clock.pendingTimers).toBe(0);

    await network.apply(topology);
    const netnsPath = machine.namespace('one').path;
    await network.attach({ interfaceId: eniId(one), netnsPath, signal: new AbortController().signal });
    expect(network.attached()).toEqual([eniId(one)]);
    expect(network.interfaceAt(topology.id, one)).toBe(eniId(one));
  }
  expect(machine.routers()).toHaveLength(1);
  // What is there of VPCs that went meanwhile is a reason to open it.
  await using next = new LinuxNetworkOnDemand(options);
  await next.removeOthers([]);
  expect(machine.routers()).toEqual([]);
});
