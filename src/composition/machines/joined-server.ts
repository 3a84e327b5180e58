import { hostname } from 'node:os';
import packageJson from '#package' with { type: 'json' };
import {
  CommandError,
  type EngineDescription,
  type JoinedOptions,
  type RunningMachine,
} from '../../cli/index.ts';
import { type Clock, systemClock, systemRandom, unlessAborted, withTimeout } from '../../clock/index.ts';
import {
  type InstallationFile,
  type MembershipFile,
  processStartTime,
  readInstallation,
  readMembership,
  removeServerFile,
  stateLayout,
  writeServerFile,
} from '../../installation/index.ts';
import { createLog } from '../../log.ts';
import { machineKey, machines, ownArchitecture, RecordReplica } from '../../machines/index.ts';
import { openState } from '../../reconcile/index.ts';
import { networkSource } from '../../services/ec2/index.ts';
import { openEngine, warnOfUnlimitedStorage } from '../engine.ts';
import { failureToStart } from '../full-disk.ts';
import { installationLabel } from '../labels.ts';
import {
  fargateIsolation as fargateIsolationOf,
  followNodes,
  followVolumes,
  machineSource,
  openLinkLocal,
  openLocalVolumes,
  openMachine,
  openVpcs,
  PodNetworks,
} from '../machine.ts';
import { openStore, run, whileStarting } from '../running.ts';
import { vpcNames } from '../vpc/names.ts';
import { followRecords } from './follow-records.ts';
import { followedCollections } from './followed.ts';
import { remoteNodeHome } from './remote-node-home.ts';

/** A machine that has just joined knows nothing yet, and has nobody else to ask. */
const firstRecordsMs = 60_000;

/**
 * Starts the machine that has joined an installation elsewhere: its VPCs, its agents, and the records that they follow,
 * kept here, so that it starts and runs while the control plane doesn't answer.
 */
export async function startJoined(options: JoinedOptions): Promise<RunningMachine> {
  try {
    return await start(options);
  } catch (error) {
    throw failureToStart(error, stateLayout(options.stateDirectory).directory);
  }
}

async function start({ fargateIsolation, ...options }: JoinedOptions): Promise<RunningMachine> {
  const { directory, ...places } = stateLayout(options.stateDirectory);
  const { membership, installation } = readJoined(directory);
  const { endpoint, region, accountId, machineId, homeMachineId } = membership;
  const clock = systemClock();
  const random = systemRandom();
  const log = createLog(options.logFile === undefined ? {} : { file: options.logFile });
  using starting = whileStarting(options.signal);
  const { signal } = starting;
  await using opened = new AsyncDisposableStack();
  opened.defer(() => removeServerFile(directory));

  const store = opened.adopt(await openStore(places.store, clock), (it) => it.close());
  const onError = (error: unknown) =>
    log.error('The state could not follow the store and starts over', { error });
  const state = opened.use(await openState(store, { clock, onError }));
  const labels = { [installationLabel]: installation.id };
  const { runtime, engine } = await openEngine({
    ...{ clock, random, log, labels, signal },
    disksDirectory: places.disks,
  });
  opened.use(runtime);
  const networkRanges = await runtime.networkRanges();

  const replica = new RecordReplica(state, followedCollections);
  const facts = { name: hostname(), version: packageJson.version, architecture: ownArchitecture() };
  const records = opened.use(followRecords({ ...{ membership, facts, replica, clock, random, log } }));
  const knowsNothing = [...state.list(machines)].length === 0;
  if (knowsNothing) await firstRecords(replica, { endpoint, clock, signal, why: () => records.problem });
  signal.throwIfAborted();

  const linkLocal = await openLinkLocal(runtime, log);
  if (linkLocal) opened.use(linkLocal);
  const vpcs = opened.use(
    await openVpcs({
      ...{ installation, linkLocal, clock, random, log },
      engineAddress: engine.address,
      removeEngineNetwork: (name) => runtime.removeNetwork(name),
      // Its part of a VPC is held as the others are, or it is none.
      place: 'kernel',
      source: networkSource(state, homeMachineId),
      machines: machineSource(state, machineId),
      zoneAnswer: vpcNames(state, clock),
    }),
  );
  signal.throwIfAborted();
  const ending = new AbortController();
  const machine = openMachine({
    directory: places.node,
    ...{ endpoint, region, installation, runtime, fargateIsolation, linkLocal },
    cluster: membership.cluster,
    credentials: membership,
    joinedAs: machineId,
    vpcs,
    gatewayAddress: networkRanges.find(({ network }) => network === 'bridge')?.gateway,
    ...{ clock, random, log },
    signal: ending.signal,
  });
  const stopping = Promise.withResolvers<void>();
  machine.catch((error: unknown) => !ending.signal.aborted && stopping.reject(error));
  const carried = { runtime, clock, random, log, installationId: installation.id };
  const podNetworks = opened.use(new PodNetworks({ ...carried, vpcs, endpoint, directory: places.node }));
  const volumes = openLocalVolumes(places.volumes);
  const nodeHome = remoteNodeHome({ endpoint, credentials: membership, clock, signal: ending.signal });
  opened.use(followVolumes({ state, home: nodeHome, machineId, volumes, clock, log }));
  // Nodes take their shares out of the machine's own instance, once its agent has registered that.
  const nodes = machine.then((open) =>
    followNodes({
      ...{ ...carried, state, machineId, podNetworks, volumes, home: nodeHome, joinedAs: machineId },
      ...{ machine: open.machine, directory: places.node },
      fargateIsolation: () => fargateIsolationOf(fargateIsolation, runtime),
      machineAddress: () => {
        const { address } = state.get(machines, machineKey(accountId, machineId)) ?? {};
        if (address === undefined) throw new Error('This machine has not heard yet where others reach it');
        return address;
      },
    }),
  );
  // That the machine could not be opened is told above.
  nodes.catch(() => {});
  opened.defer(async () => {
    ending.abort(new Error('Catamaran is stopping'));
    const open = await machine.catch(() => undefined);
    await (await nodes.catch(() => undefined))?.[Symbol.asyncDispose]();
    await open?.machine[Symbol.asyncDispose]();
  });
  // Later its tasks are taken up and its VPCs are there whether or not its agents can register.
  if (knowsNothing) await unlessAborted(machine, signal);
  signal.throwIfAborted();

  const server = {
    ...{ endpoint, port: Number(new URL(endpoint).port), version: facts.version, startedAt: clock.now() },
    ...{ pid: process.pid, startTime: processStartTime(process.pid) ?? '' },
  };
  writeServerFile(directory, server);
  void warnOfUnlimitedStorage(runtime, log);
  if (fargateIsolation !== 'runc') void runtime.gvisor();
  const running = { server, engine: engine satisfies EngineDescription, machineId };
  return run(opened.move(), running, stopping);
}

/** @throws {CommandError} it has not joined anything. */
function readJoined(directory: string): {
  readonly membership: MembershipFile;
  readonly installation: InstallationFile;
} {
  const membership = readMembership(directory);
  const { id, publicCidr } = readInstallation(directory) ?? {};
  if (membership === undefined || id === undefined || publicCidr === undefined)
    throw new CommandError(`${directory} is of no machine that has joined an installation`);
  return { membership, installation: { id, publicCidr } };
}

async function firstRecords(
  replica: RecordReplica,
  {
    endpoint,
    clock,
    signal,
    why,
  }: {
    readonly endpoint: string;
    readonly clock: Clock;
    readonly signal: AbortSignal;
    readonly why: () => string | undefined;
  },
): Promise<void> {
  using deadline = withTimeout(clock, firstRecordsMs, signal);
  try {
    await unlessAborted(replica.complete, deadline.signal);
  } catch (cause) {
    signal.throwIfAborted();
    const reason = why() ?? 'it does not answer';
    throw new CommandError(
      `This machine does not hear from ${endpoint} what it has to carry (${reason}): try again`,
      { cause },
    );
  }
}
