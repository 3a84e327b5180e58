import { describe, expect, it } from 'vitest';
import { openSimulation, type Simulation } from '../controllers/testing/simulation.ts';
import { type Claim, selectedNode, type Volume } from '../controllers/volumes/objects.ts';
import { localVolumeControllers } from './index.ts';
import { localDriver, machineLabel } from './names.ts';
import { bytesOf } from './sizes.ts';
import { FakeMachine } from './testing/fake-machine.ts';

const GiB = 1_024 ** 3;

interface World {
  readonly sim: Simulation;
  readonly machine: FakeMachine;
  /** Names of volumes that were to be kept when their claims went. */
  readonly kept: Set<string>;
  made: number;
}

const claimsOf = ({ sim }: World) => sim.list<Claim>('persistentvolumeclaims');
const volumesOf = ({ sim }: World) => sim.list<Volume>('persistentvolumes');

async function someClaim(world: World): Promise<Claim | undefined> {
  const all = await claimsOf(world);
  return all[world.sim.random.integer(Math.max(1, all.length))];
}

/** What the scheduler does, as often as it is asked. */
const select = ({ sim }: World, { metadata }: Claim): Promise<void> =>
  sim.change<Claim>('persistentvolumeclaims', metadata.name, (claim) => ({
    ...claim,
    metadata: { ...claim.metadata, annotations: { ...claim.metadata.annotations, [selectedNode]: 'n1' } },
  }));

const deeds: readonly ((world: World) => Promise<void>)[] = [
  async (world) => {
    world.made += 1;
    await world.sim.create('persistentvolumeclaims', {
      metadata: { name: `c${world.made}`, annotations: { [selectedNode]: 'n1' } },
      spec: {
        ...{ storageClassName: 'local', accessModes: ['ReadWriteOnce'] },
        resources: { requests: { storage: `${1 + world.sim.random.integer(3)}Gi` } },
      },
    });
    if (world.sim.random.float() < 0.7) return;
    // Whoever makes its volume is at it.
    await world.sim.clock.advance(world.sim.random.integer(30));
    await world.sim.remove('persistentvolumeclaims', `c${world.made}`);
  },
  async (world) => {
    const claim = await someClaim(world);
    if (claim === undefined) return;
    const volume = (await volumesOf(world)).find(
      ({ metadata }) => metadata.name === `pvc-${claim.metadata.uid}`,
    );
    if (volume?.spec.persistentVolumeReclaimPolicy === 'Retain') world.kept.add(volume.metadata.name);
    await world.sim.remove('persistentvolumeclaims', claim.metadata.name);
  },
  async (world) => {
    const claim = await someClaim(world);
    if (claim?.status?.phase !== 'Bound') return;
    const storage = `${Math.ceil(bytesOf(claim.spec.resources?.requests) / GiB) + 1}Gi`;
    await world.sim.change<Claim>('persistentvolumeclaims', claim.metadata.name, (present) => ({
      ...present,
      spec: { ...present.spec, resources: { requests: { storage } } },
    }));
  },
  async (world) => {
    const [volume] = (await volumesOf(world)).filter(({ status }) => status?.phase === 'Bound');
    if (volume !== undefined)
      await world.sim.change<Volume>('persistentvolumes', volume.metadata.name, (present) => ({
        ...present,
        spec: { ...present.spec, persistentVolumeReclaimPolicy: 'Retain' },
      }));
  },
  async ({ sim, machine }) => {
    machine.capacityBytes = sim.random.integer(12) * GiB;
  },
  async (world) => {
    const claim = await someClaim(world);
    if (claim !== undefined) await select(world, claim);
  },
  ({ sim }) => sim.crash(),
  async ({ sim }) => sim.trouble(sim.random.float() * 0.2),
];

/** Holds at every moment: what a pod may mount is there, and no smaller than it is said to be. */
async function nothingPromised({ sim, machine }: World): Promise<void> {
  const volumes = await sim.list<Volume>('persistentvolumes');
  for (const claim of await sim.list<Claim>('persistentvolumeclaims')) {
    if (claim.status?.phase !== 'Bound') continue;
    const volume = volumes.find(({ metadata }) => metadata.name === claim.spec.volumeName);
    const has = machine.volumes.get(claim.spec.volumeName ?? '') ?? 0;
    expect(has, claim.metadata.name).toBeGreaterThanOrEqual(bytesOf(volume?.spec.capacity));
    expect(has, claim.metadata.name).toBeGreaterThanOrEqual(bytesOf(claim.status.capacity));
  }
}

async function isSettled(world: World): Promise<boolean> {
  const [claims, volumes] = await Promise.all([claimsOf(world), volumesOf(world)]);
  const names = new Set(volumes.map(({ metadata }) => metadata.name));
  return (
    claims.every(
      ({ metadata, spec, status }) =>
        status?.phase === 'Bound' &&
        spec.volumeName === `pvc-${metadata.uid}` &&
        (world.machine.volumes.get(spec.volumeName) ?? 0) >= bytesOf(spec.resources?.requests),
    ) &&
    volumes.every(
      ({ spec, status }) =>
        status?.phase === 'Bound' ||
        (status?.phase === 'Released' && spec.persistentVolumeReclaimPolicy === 'Retain'),
    ) &&
    [...world.machine.volumes.keys()].every((name) => names.has(name))
  );
}

describe('volumes of machines, whose controllers are killed at any point', () => {
  it.each(Array.from({ length: 8 }, (_, at) => at + 1))(
    'are there for their claims and go with them (seed %i)',
    async (seed) => {
      const machine = new FakeMachine('m1');
      await using sim = await openSimulation(seed, {
        controllers: localVolumeControllers,
        outside: (state) => [machine.reconciler(state)],
      });
      const world: World = { sim, machine, kept: new Set(), made: 0 };
      await sim.node('n1', { [machineLabel]: 'm1' });
      await sim.create('storageclasses.storage.k8s.io', {
        ...{ metadata: { name: 'local' }, provisioner: localDriver, reclaimPolicy: 'Delete' },
        volumeBindingMode: 'WaitForFirstConsumer',
      });
      for (let step = 0; step < 40; step++) {
        await deeds[sim.random.integer(deeds.length)]?.(world);
        for (let moment = 0; moment < 3; moment++) {
          await sim.clock.advance(sim.random.integer(400));
          await nothingPromised(world);
        }
      }
      sim.trouble(0);
      machine.capacityBytes = Number.MAX_SAFE_INTEGER;
      await sim.crash();
      for (let minute = 0; minute < 10 && !(await isSettled(world)); minute++) {
        for (const claim of await claimsOf(world))
          if ((claim.spec.volumeName ?? '') === '') await select(world, claim);
        await sim.clock.advance(60_000);
      }
      expect(await isSettled(world)).toBe(true);
      for (const name of world.kept) expect(machine.volumes.has(name)).toBe(true);
    },
  );
});
