import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import packageJson from '#package' with { type: 'json' };
import { CommandError, type RunningServer, type ServerOptions } from '../cli/index.ts';
import { hex, type Random, systemClock, systemRandom } from '../clock/index.ts';
import {
  type InstallationFile,
  type KnownInstallation,
  processStartTime,
  type RootCredentials,
  readCredentials,
  readInstallation,
  readSealingKey,
  removeServerFile,
  type ServerFile,
  stateLayout,
  writeCredentials,
  writeInstallation,
  writeSealingKey,
  writeServerFile,
} from '../installation/index.ts';
import { createLog, type Log } from '../log.ts';
import { carriersOfNodes, machineIdOf, machines, namesOfOthers, noteHome } from '../machines/index.ts';
import { createSealer, sealingKeyBytes } from '../sealing/index.ts';
import { SqliteMetricStore } from '../services/cloudwatch/index.ts';
import { defaultVpc } from '../services/ec2/index.ts';
import { census, isAgentAwaited } from '../services/ecs/index.ts';
import { nodeRoster } from '../services/eks/index.ts';
import { SqliteEventLog } from '../services/events/index.ts';
import { newAccountId, newKeyPair } from '../services/iam/index.ts';
import { SqliteEventStore } from '../services/logs/index.ts';
import { rootPrincipal } from '../services/service.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { openEngine, warnOfUnlimitedStorage } from './engine.ts';
import { failureToStart } from './full-disk.ts';
import { installationLabel } from './labels.ts';
import { homeAddress, type MachineParts, machineRoutes } from './machines/machine-routes.ts';
import { nodeRoutes } from './machines/node-routes.ts';
import { recordUpgrade } from './machines/record-upgrade.ts';
import type { OperatorParts } from './operator.ts';
import { operatorRoutes } from './operator-routes.ts';
import { freePublicCidr, routedCidrs } from './public-cidr.ts';
import { openStore, run, untilReady, whileStarting } from './running.ts';
import { vpcNames } from './vpc/names.ts';

const defaultRegion = 'us-east-1';
const defaultCluster = 'default';

/**
 * Starts a whole Catamaran in this process: store, Engine, control plane, this machine's instances. What is opened is closed in reverse, also when a later step fails.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  try {
    return await start(options);
  } catch (error) {
    throw failureToStart(error, stateLayout(options.stateDirectory).directory);
  }
}

async function start(options: ServerOptions): Promise<RunningServer> {
  const { directory, ...places } = stateLayout(options.stateDirectory);
  const clock = systemClock();
  const random = systemRandom();
  const log = createLog(options.logFile === undefined ? {} : { file: options.logFile });
  using starting = whileStarting(options.signal);
  const { signal } = starting;
  await using opened = new AsyncDisposableStack();
  // First, and so gone last: until everything has ended, this process is found there.
  opened.defer(() => removeServerFile(directory));

  const store = opened.adopt(await openStore(places.store, clock), (it) => it.close());
  const known = readInstallation(directory);
  const installationId = known?.id ?? hex(random, 12);
  const { runtime, engine } = await openEngine({
    clock,
    random,
    log,
    labels: { [installationLabel]: installationId },
    disksDirectory: places.disks,
    signal,
  });
  opened.use(runtime);
  const networkRanges = await runtime.networkRanges();
  signal.throwIfAborted();
  const installation = isWhole(known) ? known : makeInstallation(directory, installationId, networkRanges);
  const credentials =
    readCredentials(directory) ?? makeCredentials(directory, random, options.region ?? defaultRegion);
  const region = options.region ?? credentials.region;
  const scope = { accountId: credentials.accountId, region };

  const machineId = machineIdOf(installation.id);
  const eventLog = opened.use(new SqliteEventLog(places.events));
  const stopping = Promise.withResolvers<void>();
  let parts: OperatorParts | undefined;
  const connected = new Map<string, number>();
  let whyNoMachineInterfaces: string | undefined = 'this machine has not opened its VPCs yet';
  const { version } = packageJson;
  const plane: ControlPlane = opened.use(
    await startControlPlane({
      store,
      eventLog,
      events: opened.use(new SqliteEventStore(places.logEvents)),
      metrics: opened.use(new SqliteMetricStore(places.metrics)),
      host: options.host,
      port: options.port,
      ownKeys: rootKey(credentials),
      sealer: createSealer(readSealingKey(directory) ?? makeSealingKey(directory, random), random),
      defaultCluster: { ...scope, name: defaultCluster },
      machineId,
      logDirectories: { buckets: places.buckets, spool: places.balancerLogs },
      publicCidr: installation.publicCidr,
      ...(options.lambdaEndpoint && { lambdaEndpoint: options.lambdaEndpoint }),
      whyNoMachineInterfaces: () => whyNoMachineInterfaces,
      routes: [
        ...operatorRoutes(
          scope.accountId,
          () => parts ?? notReady(),
          () => stopping.resolve(),
        ),
        ...machineRoutes(scope.accountId, () => (parts ?? notReady()).machines),
        ...nodeRoutes(scope.accountId, () => (parts ?? notReady()).machines),
      ],
      otherMachines: (reader) => carriersOfNodes(reader, connected),
      upgrades: (state) => [recordUpgrade({ state, accountId: scope.accountId, version, clock, connected })],
      clock,
      random,
      log,
    }),
  );

  const { endpoint, state, network, balancing, interfaceOwners, loadIdentities, interruptSpot } = plane;
  const { noteAttachments } = plane;
  const whose = { state, clock, accountId: scope.accountId };
  const home = { id: machineId, name: hostname(), version };
  const loadIam = async () => {
    const { IAM } = await import('@aws-sdk/client-iam');
    return new IAM({ endpoint, region, credentials });
  };
  const hasOthers = [...state.list(machines)].length > 0;
  if (hasOthers) await noteHomeAgain({ ...whose, home, endpoint }, log);

  // From here on the API answers; agents and the client that they use are loaded beside it.
  const {
    fargateIsolation,
    followNodes,
    followVolumes,
    followManagedInstances,
    openLocalVolumes,
    PodNetworks,
    machineSource,
    openLinkLocal,
    openMachine,
    openMachineBalancers,
    openVpcs,
  } = await import('./machine.ts');
  const linkLocal = await openLinkLocal(runtime, log);
  if (linkLocal) opened.use(linkLocal);
  const zoneAnswer = vpcNames(state, clock);
  const vpcs = opened.use(
    await openVpcs({
      ...{ installation, linkLocal, clock, random, log },
      engineAddress: engine.address,
      removeEngineNetwork: (name) => runtime.removeNetwork(name),
      place: options.vpcs,
      source: network,
      noteAttachments,
      machines: machineSource(state, machineId),
      zoneAnswer,
    }),
  );
  whyNoMachineInterfaces = vpcs.why;
  opened.use(await plane.clusterNetworks.follow(vpcs));
  signal.throwIfAborted();
  const balancers = opened.use(
    await openMachineBalancers({
      ...{ installationId: installation.id, directory: places.balancers, vpcs, clock, random, log },
      choice: options.loadBalancers,
      source: balancing.plans,
      certificates: balancing,
      guard: balancing.guard,
      reports: balancing.reports,
    }),
  );

  const { machine, ecsClient } = await openMachine({
    directory: places.node,
    endpoint,
    cluster: defaultCluster,
    credentials,
    region,
    installation,
    runtime,
    fargateIsolation: options.fargateIsolation,
    // The Engine's own bridge: containers in any network mode reach the machine there.
    linkLocal,
    vpcs,
    gatewayAddress: networkRanges.find(({ network }) => network === 'bridge')?.gateway,
    clock,
    random,
    log,
    signal,
  });
  opened.use(machine);
  opened.use(followManagedInstances({ state, machine, clock, log }));
  const podNetworks = opened.use(
    new PodNetworks({
      ...{ vpcs, endpoint, runtime, clock, random, log, installationId: installation.id },
      directory: places.node,
    }),
  );
  const volumes = openLocalVolumes(places.volumes);
  const nodeHome = await plane.nodeHome(machineId);
  opened.use(followVolumes({ state, home: nodeHome, machineId, volumes, clock, log }));
  opened.use(
    followNodes({
      ...{ state, machine, runtime, clock, random, log, installationId: installation.id },
      directory: places.node,
      home: nodeHome,
      // API server and kubelet are on one machine.
      machineAddress: () => '127.0.0.1',
      fargateIsolation: () => fargateIsolation(options.fargateIsolation, runtime),
      ...{ podNetworks, machineId, volumes },
    }),
  );
  signal.throwIfAborted();

  const server: ServerFile = {
    pid: process.pid,
    startTime: processStartTime(process.pid) ?? '',
    endpoint,
    port: Number(new URL(endpoint).port),
    version,
    startedAt: clock.now(),
  };
  parts = {
    pid: server.pid,
    version: server.version,
    endpoint,
    region,
    accountId: scope.accountId,
    stateDirectory: directory,
    startedAt: server.startedAt,
    engineAddress: engine.address,
    network: {
      facts: () => ({
        vpcs: network.describe(),
        owners: interfaceOwners(),
        attached: new Set((vpcs.network ?? vpcs.engineNetworks).attached()),
        otherMachines: namesOfOthers(state, machineId),
        policies: (...asked) => podNetworks.explainPolicies(...asked),
      }),
      publicCidr: installation.publicCidr,
      whyNotEnforced: vpcs.why,
      loadBalancers: balancers.description,
      zoneAnswer,
    },
    defaultVpc: () => defaultVpc(state, scope),
    eventLog,
    balancerLogs: { accessLogs: balancing.accessLogs, scope },
    clock,
    machines: {
      ...{ ...whose, region, endpoint, home, connected, loadIdentities },
      publicCidr: installation.publicCidr,
      whyNoVpcs: vpcs.why,
      loadIam,
      endMachine: (id) => plane.endMachine(id),
      nodeHome: (id) => plane.nodeHome(id),
    },
    census: () => census(state),
    nodes: () => nodeRoster(state),
    otherMachines: () => namesOfOthers(state, machineId),
    interruptSpot,
    loadIdentities,
    ecs: ecsClient,
    runtime,
    machine,
    fargateIsolation: options.fargateIsolation,
  };
  await untilReady(() => plane.isServingClusters() && !isAgentAwaited(state), clock, signal);
  writeServerFile(directory, server);
  // Now, not with the first Fargate task; nobody waits for it.
  void warnOfUnlimitedStorage(runtime, log);
  if (options.fargateIsolation !== 'runc') void runtime.gvisor();
  if (hasOthers) {
    permitMachines({ state, loadIam }).catch((error: unknown) =>
      log.warn('What machines may do could not be renewed: they may be denied their nodes', { error }),
    );
  }

  return run(
    opened.move(),
    { server, credentials, engine, whyNoVpcs: vpcs.why, loadBalancers: balancers.description },
    stopping,
  );
}

/** Machines that joined a version before may do what those of this version do. */
async function permitMachines({ state, loadIam }: Pick<MachineParts, 'state' | 'loadIam'>): Promise<void> {
  const { permitMachine } = await import('./machines/identities.ts');
  const iam = await loadIam();
  for (const { value } of [...state.list(machines)])
    if (value.userName !== undefined) await permitMachine(iam, value.userName);
}

/** Others look for the control plane where it is now. */
async function noteHomeAgain(
  parts: Pick<MachineParts, 'state' | 'clock' | 'accountId' | 'home' | 'endpoint'>,
  log: Log,
): Promise<void> {
  const { home, endpoint } = parts;
  const { id, ...facts } = home;
  const address = homeAddress(endpoint);
  await noteHome(parts, id, { ...facts, address });
  if (address === undefined)
    log.warn('Other machines belong to this installation and cannot reach it: start it with --host', {
      endpoint,
    });
}

/** One of a version without VPCs has no public addresses yet: it gets some, and keeps its id. */
const isWhole = (known: KnownInstallation | undefined): known is InstallationFile =>
  known?.publicCidr !== undefined;

function makeInstallation(
  directory: string,
  id: string,
  engineRanges: readonly { readonly cidr: string }[],
): InstallationFile {
  const publicCidr = freePublicCidr(id, [...engineRanges.map(({ cidr }) => cidr), ...machineCidrs()]);
  const installation = { id, publicCidr };
  writeInstallation(directory, installation);
  return installation;
}

/** Linux tells; elsewhere only the Engine's networks are known. */
function machineCidrs(): string[] {
  try {
    return routedCidrs(readFileSync('/proc/net/route', 'utf8'));
  } catch {
    return [];
  }
}

/** A new account and its root user's key pair. */
function makeCredentials(directory: string, random: Random, region: string): RootCredentials {
  const accountId = newAccountId(random);
  const credentials = {
    accountId,
    region,
    ...newKeyPair(random, 'AKIA', accountId),
  };
  writeCredentials(directory, credentials);
  return credentials;
}

function makeSealingKey(directory: string, random: Random): Uint8Array {
  const key = random.bytes(sealingKeyBytes);
  writeSealingKey(directory, key);
  return key;
}

function rootKey({ accessKeyId, secretAccessKey, accountId }: RootCredentials) {
  const root = { secretAccessKey, principal: rootPrincipal(accountId, accessKeyId) };
  return (asked: string) => (asked === accessKeyId ? root : undefined);
}

function notReady(): never {
  throw new CommandError('Catamaran is still starting: try again in a moment');
}
