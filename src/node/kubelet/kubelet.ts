import { mkdir } from 'node:fs/promises';
import { BackOff, retry } from '../back-off.ts';
import { keepRunning } from '../keep-running.ts';
import { Slots } from '../slots.ts';
import { ApiClient } from './api/api-client.ts';
import { Informer } from './api/informer.ts';
import { pods, services } from './api/resources.ts';
import { type NodeSetupOptions, nodeSetup } from './environment/node-setup.ts';
import { PodEvents } from './events/pod-events.ts';
import { nodeWatch } from './eviction/node-watch.ts';
import type { PressureType } from './eviction/thresholds.ts';
import { ImageAccounts } from './images/image-accounts.ts';
import { pullSecrets } from './images/pull-secrets.ts';
import { PulledImages } from './images/pulled-images.ts';
import { defaultSettings, type KubeletOptions, type KubeletSettings } from './kubelet-options.ts';
import type { Pod } from './objects/pod.ts';
import { hookRunner } from './pods/hooks.ts';
import { PodBoard, type PodBoardOptions } from './pods/pod-board.ts';
import { PodSteps } from './pods/pod-steps.ts';
import { TerminationMessages } from './pods/termination-message.ts';
import { directDialer } from './probes/direct-dialer.ts';
import { handlerRunner } from './probes/run-probe.ts';
import { registerDriver } from './registration/csi-node.ts';
import { type MachineFacts, machineFacts } from './registration/node-facts.ts';
import { NodeReporter } from './registration/node-reporter.ts';
import { nodeResources } from './registration/reservations.ts';
import { Allocations } from './resources/allocations.ts';
import { NodeCgroups, processesOf } from './resources/node-cgroups.ts';
import { serveNode } from './server/serve-node.ts';
import { NodeVolumes } from './volumes/pod-volumes.ts';

export interface Kubelet {
  readonly nodeName: string;
  /** Ends the kubelet and leaves the containers running: the next kubelet of the node adopts them. */
  close(): Promise<void>;
}

/**
 * Starts the kubelet of one node: it registers the node, keeps its lease and status, and runs the pods that are bound to
 * it. Resolves when the node is registered; until then it goes on trying.
 * @throws the signal's reason, when it aborts before that.
 */
export async function startKubelet(options: KubeletOptions): Promise<Kubelet> {
  const { node: description, runtime, clock, random, log } = options;
  const settings = { ...defaultSettings, ...options.settings };
  const abort = new AbortController();
  const { signal } = abort;
  // Undone in reverse, after the signal aborted: what uses another part ends before it.
  const parts = new AsyncDisposableStack();
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    options.signal.removeEventListener('abort', onAbort);
    abort.abort(options.signal.reason);
    closing ??= parts.disposeAsync();
    return closing;
  };
  const onAbort = (): void => {
    close().catch((error: unknown) => log.error('The kubelet could not be closed in order', { error }));
  };
  options.signal.addEventListener('abort', onAbort);
  try {
    options.signal.throwIfAborted();
    await mkdir(options.stateDirectory, { recursive: true, mode: 0o700 });
    const api = parts.use(new ApiClient(options.api, { clock, random }));
    const kubeletVersion = await retry(
      async () => versionOf(description.kubernetesVersion, await api.serverVersion(signal)),
      {
        ...{ clock, signal },
        backOff: new BackOff({ leastMs: 200, mostMs: 7_000 }, random),
        isRetryable: () => true,
        onFailure: (error) => log.debug('The API server does not answer: waiting for it', { error }),
      },
    );
    const machine = machineFacts();
    let port: number | undefined;
    const reporter = new NodeReporter({
      ...{ description, api, runtime, settings, clock, random, log, kubeletVersion },
      isolation: options.isolation,
      machine,
      pressures: () => watch.eviction.pressures,
      port: () => port,
      onBecame: (reason) =>
        events.ofNode('Normal', reason, `Node ${description.name} status is now: ${reason}`),
    });
    const events = new PodEvents({ ...{ api, clock, random, log }, nodeName: description.name });
    const serviceInformer = new Informer({ ...{ api, resource: services, clock, random, log } });
    const volumes = parts.use(
      new NodeVolumes({
        ...{ api, runtime, clock, random, log, stateDirectory: options.stateDirectory },
        allocatable: nodeResources(description).allocatable,
        onTrouble: (pod, message) => events.warning(pod, 'FailedMount', message),
        ...(options.localDriver && { localDriver: options.localDriver }),
        onGrown: (pod, volume) =>
          events.normal(
            pod,
            'FileSystemResizeSuccessful',
            `MountVolume.NodeExpandVolume succeeded for volume "${volume}" ${description.name}`,
          ),
      }),
    );
    const images = new PulledImages({ runtime, stateDirectory: options.stateDirectory, clock, log });
    const board = podBoard(options, settings, {
      ...{ api, events, volumes, kubeletVersion, machine, images, signal },
      pressures: () => watch.eviction.pressures,
      labels: () => reporter.node?.metadata.labels ?? {},
      refreshNode: () => reporter.refresh(signal),
      allocatable: () => ({
        ...reporter.node?.status?.allocatable,
        ...nodeResources(description).allocatable,
      }),
      services: async (waiting) => {
        await Promise.race([serviceInformer.synced, aborted(waiting)]);
        waiting.throwIfAborted();
        return serviceInformer.all();
      },
    });
    const watch = nodeWatch({
      ...{ node: description, runtime, images, events, clock, settings },
      ...{ stateDirectory: options.stateDirectory, workers: () => board.workers },
      ...(options.machineDisk && { machineDisk: options.machineDisk }),
      emptyDirs: (pod) => volumes.emptyDirUse(pod),
      onPressure: () => reporter.poke(),
    });
    const informer = new Informer({
      ...{ api, resource: pods, clock, random, log },
      selection: { fieldSelector: `spec.nodeName=${description.name}` },
      onChange: (now, before) => {
        if (now !== undefined) volumes.changed(now);
        board.changed(now, before);
      },
    });
    events.ofNode('Normal', 'Starting', 'Starting kubelet.');
    await reporter.register(signal);
    const loops = { ...{ clock, random, log, signal } };
    const running = [
      keepRunning('events', () => events.run(signal), loops),
      keepRunning('pods', () => informer.run(signal), loops),
      keepRunning('services', () => serviceInformer.run(signal), loops),
      keepRunning('engine watch', () => board.watch(), loops),
      keepRunning('eviction', () => watch.eviction.run(signal), loops),
      keepRunning('image collection', () => watch.collector.run(signal), loops),
      whenAllAreKnown(informer, board, volumes, options, signal),
      registerDriver(api, reporter.node, options, signal),
      keepRunning(
        'server',
        () =>
          serveNode({
            ...{ node: description, api, certificateAuthority: options.api.certificateAuthority },
            ...{ runtime, labels: options.labels, clock, random, log, signal },
            pods: () => board.workers.map(({ pod }) => pod),
            measured: { uses: () => watch.eviction.uses, disk: watch.disk },
            volumes,
            onListening: (listensOn) => {
              port = listensOn;
              reporter.poke();
            },
          }),
        loops,
      ),
      keepRunning('node status', () => reporter.reportStatus(signal), loops),
      keepRunning('node lease', () => reporter.renewLease(signal), loops),
    ];
    parts.defer(async () => {
      await Promise.all(running);
      await board.settled();
    });
    return { nodeName: description.name, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function podBoard(
  options: KubeletOptions,
  settings: KubeletSettings,
  {
    api,
    events,
    volumes,
    services,
    kubeletVersion,
    machine,
    images,
    pressures,
    labels: nodeLabels,
    refreshNode,
    allocatable,
    signal,
  }: {
    readonly api: ApiClient;
    readonly events: PodEvents;
    readonly volumes: NodeVolumes;
    readonly services: NodeSetupOptions['services'];
    readonly kubeletVersion: string;
    readonly machine: MachineFacts;
    readonly images: PulledImages;
    readonly pressures: () => ReadonlySet<PressureType>;
    readonly labels: () => Readonly<Record<string, string>>;
    readonly refreshNode: PodBoardOptions['refreshNode'];
    readonly allocatable: () => Readonly<Record<string, string>>;
    readonly signal: AbortSignal;
  },
): PodBoard {
  const { node, runtime, podNetwork, clusterDns, labels, clock, random, log, stateDirectory } = options;
  const { isolation } = options;
  const setup = nodeSetup({
    ...{ node, clusterDns, services, objects: volumes.objects },
    allocatable: nodeResources(node).allocatable,
    volumeMounts: (...asked) => volumes.mountsOf(...asked),
    dnsWarning: (pod, message) => events.warning(pod, 'DNSConfigForming', message),
  });
  const version = /^v(\d+\.\d+)/.exec(kubeletVersion)?.[1] ?? '';
  const runHandler = handlerRunner({ runtime, dialer: options.dialer ?? directDialer, clock, version });
  const cgroups = new NodeCgroups({
    ...{ node, runtime, pods: () => board.workers.filter((each) => each.isActive).map((each) => each.pod) },
    mostProcesses: processesOf(node.capacity.memoryMiB, machine),
  });
  const steps = new PodSteps({
    ...{ node, api, runtime, podNetwork, cgroups, volumes, setup, events, labels, clock, signal },
    ...(isolation && { isolation }),
    ...{ accounts: new ImageAccounts(runtime), seccompProfiles: settings.seccompProfiles },
    messages: new TerminationMessages(stateDirectory),
    runHook: hookRunner({ runHandler, clock }),
    slots: new Slots(settings.startConcurrency),
  });
  const board = new PodBoard({
    ...{ api, runtime, steps, events, labels, clock, random, log, signal },
    ...{ hostIp: node.internalIp, nodeCpuMillis: node.capacity.cpuMillis, scheme: runtime.name, runHandler },
    allocations: new Allocations(stateDirectory, log),
    refreshNode,
    node: () => ({
      ...{ name: node.name, labels: nodeLabels(), pressures: pressures(), onlyPod: node.onlyPod },
      ...{ allocatable: allocatable(), hasAppArmor: machine.hasAppArmor },
    }),
    images: { ...{ runtime, clock, events, pulled: images }, secrets: pullSecrets(api, events) },
  });
  return board;
}

/** Once all pods are known, so are those that nobody knows. */
async function whenAllAreKnown(
  informer: Pick<Informer<Pod>, 'synced' | 'all'>,
  board: PodBoard,
  volumes: NodeVolumes,
  { clock, random, log }: KubeletOptions,
  signal: AbortSignal,
): Promise<void> {
  await Promise.race([informer.synced, aborted(signal)]);
  if (signal.aborted) return;
  board.knowsAll();
  const remove = async (): Promise<void> => {
    await board.removeOrphans();
    await volumes.removeOrphans(new Set(informer.all().map(({ metadata }) => metadata.uid)));
  };
  await retry(remove, {
    ...{ clock, signal, backOff: new BackOff({ leastMs: 250, mostMs: 10_000 }, random) },
    isRetryable: () => true,
    onFailure: (error) => log.debug('Orphans could not be looked for: trying again', { error }),
  }).catch(() => {});
}

function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener('abort', () => resolve(), { once: true });
  return promise;
}

/** @param own What the node is to be, e.g. `1.34`, of a cluster whose server says e.g. `v1.35.0-eks-…`. */
function versionOf(own: string | undefined, server: string): string {
  return own === undefined ? server : server.replace(/^v\d+\.\d+/, `v${own}`);
}
