import type { Guard } from '../balancing/index.ts';
import { CommandError } from '../cli/index.ts';
import type { Clock, Random } from '../clock/index.ts';
import {
  createGateway,
  type Gateway,
  ownSigningName,
  presignedCallerVerifier,
  type Route,
} from '../gateway/index.ts';
import { controlPlaneOf, createKubernetes, endMachineVolumes } from '../kubernetes/index.ts';
import type { Log } from '../log.ts';
import { ownArchitecture } from '../machines/index.ts';
import {
  openState,
  type Reader,
  type Reconcilers,
  type State,
  startReconcilers,
} from '../reconcile/index.ts';
import type { Sealer } from '../sealing/index.ts';
import {
  createAcm,
  hasCertificate,
  hasIssuedCertificate,
  loadAcmReconcilers,
  onCertificatesChanged,
  type ServedCertificate,
  servedCertificate,
} from '../services/acm/index.ts';
import {
  createAutoScaling,
  hasScalableTarget,
  loadAutoScalingEventSources,
  loadAutoScalingReconcilers,
  scalableTargets,
} from '../services/application-autoscaling/index.ts';
import {
  alarmReadings,
  createCloudWatch,
  loadCloudWatchEventSources,
  loadCloudWatchReconcilers,
  type MetricStore,
  publishMetrics,
} from '../services/cloudwatch/index.ts';
import {
  createEc2,
  hasVpc,
  type NetworkSource,
  networkSource,
  noteAttachments,
} from '../services/ec2/index.ts';
import { createEcs, linkedResources } from '../services/ecs/index.ts';
import { createEks, endMachineNodes, loadEksReconcilers } from '../services/eks/index.ts';
import {
  AccessLogs,
  BucketFolders,
  certificateUsers,
  createElb,
  linkedLoadBalancers,
  loadElbReconcilers,
  type PlanSource,
  planSource,
  type ReportSink,
  reportSink,
  ruleGuard,
  type TrafficSink,
  trafficSink,
} from '../services/elbv2/index.ts';
import {
  createEventBridge,
  type EventLog,
  type EventsContext,
  startEvents,
} from '../services/events/index.ts';
import {
  createIam,
  type IamOperator,
  roleOfInstanceProfile,
  whyNotPermitted,
  whyNotResourcePolicy,
} from '../services/iam/index.ts';
import {
  createKms,
  grantDataKey,
  type KmsContext,
  loadKmsReconcilers,
  openDataKey,
} from '../services/kms/index.ts';
import {
  createLogs,
  type EventStore,
  logsReconcilers,
  writeToLogGroup,
  writeToOwnLogGroup,
} from '../services/logs/index.ts';
import type { Credentials, Service, SignedUpgrade } from '../services/service.ts';
import { createCloudMap, loadCloudMapReconcilers } from '../services/servicediscovery/index.ts';
import { createSsmMessages, ssmMessagesSigningName } from '../services/ssmmessages/index.ts';
import { createSts } from '../services/sts/index.ts';
import type { Store } from '../store/index.ts';
import { authenticationKeyRoute } from './balancing/authentication-key-route.ts';
import { clusterRoles } from './cluster-roles.ts';
import { ClusterNetworks } from './clusters/cluster-networks.ts';
import { earlyClusterPrograms } from './clusters/early-programs.ts';
import { eksAuthRoute, podRoles } from './eks-auth.ts';
import { refusalOfFullDisk } from './full-disk.ts';
import { infrastructureRoles } from './infrastructure-roles.ts';
import type { NodeHome } from './kubelets/node-home.ts';
import { lambdaEndpoint } from './lambda-endpoint.ts';
import { permittedShifts } from './permitted-shifts.ts';
import { ApiRequests } from './prometheus/api-requests.ts';
import { prometheusRoute } from './prometheus/route.ts';
import { ecsPrincipal, eksPrincipal } from './service-session.ts';
import { ssmMessagesRoutes } from './ssm-messages-routes.ts';
import { taskRoles } from './task-roles.ts';

export interface ControlPlaneOptions {
  /** Stays open when the control plane ends, as do `events`, `metrics` and `eventLog`. */
  readonly store: Store;
  readonly eventLog: EventLog;
  readonly events: EventStore;
  readonly metrics: MetricStore;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Keys that the installation itself knows: its root's. */
  readonly ownKeys: (accessKeyId: string) => Credentials | undefined;
  readonly sealer: Sealer;
  /** Where load balancers' logs go: folders that stand for buckets, and one for what is on its way to them. */
  readonly logDirectories: { readonly buckets: string; readonly spool: string };
  /** Made before the first request is answered, unless it is there. */
  readonly defaultCluster: { readonly accountId: string; readonly region: string; readonly name: string };
  /** The one that this runs on. */
  readonly machineId: string;
  /** See `Ec2Context.publicCidr`. */
  readonly publicCidr: string;
  /** See `Ec2Context.whyNoMachineInterfaces`. */
  readonly whyNoMachineInterfaces?: () => string | undefined;
  /** See `EksContext.otherMachines`; absent: none. */
  readonly otherMachines?: (reader: Reader) => readonly string[];
  /** What runs the functions of lifecycle hooks; absent: nothing. */
  readonly lambdaEndpoint?: URL;
  /** Paths of the installation's own. */
  readonly routes?: readonly Route[];
  /** WebSockets of the installation's own. */
  readonly upgrades?: (state: State) => readonly SignedUpgrade[];
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** As service-linked roles and trust policies name ECS. */
const elbPrincipal = 'elasticloadbalancing.amazonaws.com';
const autoScalingPrincipal = 'ecs.application-autoscaling.amazonaws.com';

/** As long as callers who wait for the listener need to ask again and be answered. */
const firstAnswersMs = 20;

export interface Balancing {
  readonly plans: PlanSource;
  /** Whether requests pass that the data plane has to ask for. */
  readonly guard: Guard;
  readonly reports: Pick<ReportSink, 'targets' | 'nodes'> &
    Pick<TrafficSink, 'traffic'> &
    Pick<AccessLogs, 'logged'>;
  readonly accessLogs: AccessLogs;
  /** Undefined: there is no such certificate. */
  certificate(arn: string): ServedCertificate | undefined;
  /** Told of every certificate that is another from now on. */
  onCertificatesChanged(changed: (arn: string) => void): Disposable;
}

/** Everything that answers requests and works on records. It knows no machine: agents come to its endpoint. */
export interface ControlPlane extends AsyncDisposable {
  /** E.g. `http://127.0.0.1:4566`. */
  readonly endpoint: string;
  readonly state: State;
  readonly reconcilers: Reconcilers;
  /** EC2's VPCs, for the machines that carry them. */
  readonly network: NetworkSource;
  /** See `noteAttachments` of EC2's. */
  noteAttachments(vpcKey: string, isThere: (interfaceId: string) => boolean): Promise<void>;
  /** The load balancers, for the machines that carry their traffic, and what those see of them. */
  readonly balancing: Balancing;
  /** See `Ecs.interfaceOwners`. */
  interfaceOwners(): ReadonlyMap<string, string>;
  /** A machine has left: what ECS and EKS have on it ends. See `Ecs.endMachine`, `endMachineNodes`, `endMachineVolumes`. */
  endMachine(machineId: string): Promise<void>;
  /** Where the clusters' control planes are in their VPCs, for the machine that carries them. */
  readonly clusterNetworks: ClusterNetworks;
  /** What a machine's nodes ask for. */
  nodeHome(machineId: string): Promise<NodeHome>;
  /** Accounts, signing in, explanations. */
  loadIdentities(): Promise<IamOperator>;
  /** See `Kubernetes.isServing`. */
  isServingClusters(): boolean;
  /** See `Ecs.interruptSpot`, in the installation's account and region. */
  interruptSpot(task: string | undefined): Promise<readonly string[]>;
}

/**
 * Opens state, services, front door and reconcilers over a store.
 * @throws {CommandError} the address can't be listened on.
 */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { store, eventLog, events, metrics, clock, random, log, publicCidr, defaultCluster } = options;
  await using opened = new AsyncDisposableStack();
  const state = opened.use(
    await openState(store, {
      clock,
      onError: (error) => log.error('The state could not follow the store and starts over', { error }),
    }),
  );
  const publish = publishMetrics.bind(undefined, { metrics, clock });
  let endpoint = '';
  const iam = createIam({
    ...{ state, clock, random, ownKeys: options.ownKeys, sealer: options.sealer },
    firstAccountId: defaultCluster.accountId,
    isHolderAlive: (arn) => ecs.holdsSessions(arn),
    linkedResources: (reader, accountId, service) => {
      if (service === autoScalingPrincipal) return scalableTargets(reader, accountId);
      if (service === elbPrincipal) return linkedLoadBalancers(reader, accountId);
      return service === ecsPrincipal ? linkedResources(reader, accountId) : [];
    },
  });
  const ssmMessages = createSsmMessages({ clock, random, log, endpoint: () => endpoint });
  const ecs = createEcs({
    state,
    clock,
    random,
    log,
    publicCidr,
    sessions: ssmMessages.sessions,
    pollEndpoints: () => ({ acs: `${endpoint}/acs`, tcs: `${endpoint}/tcs` }),
    alarmReadings,
    assumeTaskRole: taskRoles(iam),
    infrastructure: {
      assumeRole: infrastructureRoles({
        ...{ iam, services: () => services, random, clock },
        ...{ service: ecsPrincipal, sessionName: 'ecs-service-scheduler' },
      }),
      ...{ hasScalableTarget, hasCertificate },
    },
    infrastructureRoleObstacle: permittedShifts(iam, () => clock.now()),
    roleOfInstanceProfile,
    ...(options.lambdaEndpoint && { hookFunctions: lambdaEndpoint(options.lambdaEndpoint, clock) }),
    ensureServiceLinkedRole: (accountId) => iam.ensureServiceLinkedRole(accountId, ecsPrincipal),
    publishMetrics: publish,
  });
  const { whyNoMachineInterfaces = () => undefined } = options;
  const ec2 = createEc2({ state, clock, random, publicCidr, whyNoMachineInterfaces });
  const logs = { state, events, clock, random };
  const cloudWatch = { state, metrics, clock };
  const cloudMap = { state, clock, random, hasVpc };
  const autoScaling = {
    ...{ state, clock, random, metrics },
    ensureServiceLinkedRole: (accountId: string) =>
      iam.ensureServiceLinkedRole(accountId, autoScalingPrincipal),
  };
  const buckets = new BucketFolders({ directory: options.logDirectories.buckets, log });
  const elb = {
    state,
    clock,
    random,
    sealer: options.sealer,
    publicCidr,
    writeLogObject: buckets.write.bind(buckets),
    hasCertificate: hasIssuedCertificate,
    ensureServiceLinkedRole: (accountId: string) => iam.ensureServiceLinkedRole(accountId, elbPrincipal),
  };
  const acm = { state, clock, random, sealer: options.sealer, usersOf: certificateUsers };
  const otherMachines = () => options.otherMachines?.(state) ?? [];
  const kms: KmsContext = {
    ...{ state, clock, random, sealer: options.sealer },
    whyNotPermitted: (asked) => whyNotPermitted(state, asked),
    whyNotPolicy: whyNotResourcePolicy,
  };
  const eks = {
    ...{ state, clock, random, publicCidr, controlPlaneOf, whyNotAssumed: clusterRoles(iam) },
    machineArchitecture: ownArchitecture,
    grantDataKey: grantDataKey.bind(undefined, kms),
    otherMachines,
  };
  const clusterNetworks = new ClusterNetworks({
    ...{ state, clock, random, log },
    accept: (cluster, socket) => kubernetes.accept(cluster, socket),
  });
  const kubernetes = opened.use(
    createKubernetes({
      ...{ store, state, clock, random, log, sealer: options.sealer, host: options.host, otherMachines },
      connectIn: (cluster, address, signal) => clusterNetworks.connect(cluster, address, signal),
      verifyCaller: presignedCallerVerifier(iam.findCredentials, iam.noteUse),
      issuerKeys: iam.issuerKeys,
      openDataKey: openDataKey.bind(undefined, kms),
      assumeRole: infrastructureRoles({
        ...{ iam, services: () => services, random, clock },
        ...{ service: eksPrincipal, sessionName: 'aws-load-balancer-controller' },
        // AmazonEKSServiceRolePolicy; the policies for clusters' roles leave these out.
        isOwn: (operation) => /^(Describe|Delete|Deregister|Revoke)/.test(operation),
      }),
      writeLogLines: (scope, place, lines) => writeToOwnLogGroup(logs, scope, place, lines),
    }),
  );
  const eventBridge: EventsContext = {
    ...{ state, eventLog, clock, random, log },
    writeToLogGroup: (scope, place, line) => writeToLogGroup(logs, scope, place, line),
  };
  await ecs.ensureCluster(defaultCluster, defaultCluster.name);
  await ec2.ensureDefaultVpc(defaultCluster);

  const eksService = createEks(eks);
  const services: readonly Service[] = [
    ecs.service,
    ec2.service,
    createLogs(logs),
    createCloudWatch(cloudWatch),
    createCloudMap(cloudMap),
    createAutoScaling(autoScaling),
    createElb(elb),
    createAcm(acm),
    createKms(kms),
    eksService,
    createEventBridge(eventBridge),
    iam.service,
    createSts(iam),
  ];
  const carried = opened.use(trafficSink({ state, clock, log, publishMetrics: publish }));
  const apiRequests = new ApiRequests();
  const gateway = createGateway({
    services,
    routes: [
      ...ssmMessagesRoutes(ssmMessages),
      authenticationKeyRoute(state),
      eksAuthRoute({ state, random, podOfToken: kubernetes.podOfToken, assumeRole: podRoles(iam) }),
      prometheusRoute(defaultCluster.accountId, () => ({
        ...{ reader: state, apiRequests, traffic: carried, clock },
      })),
      ...(options.routes ?? []),
    ],
    onAnswered: (answered) => apiRequests.note(answered),
    upgradeTargets: [
      ...ssmMessages.upgrades.map((upgrade) => ({ signingName: ssmMessagesSigningName, upgrade })),
      ...(options.upgrades?.(state) ?? []).map((upgrade) => ({ signingName: ownSigningName, upgrade })),
    ],
    clock,
    random,
    log,
    authorize: iam.authorize,
    encodeDenial: iam.encodeAuthorizationMessage,
    credentials: iam.findCredentials,
    noteUse: iam.noteUse,
    refusalOf: refusalOfFullDisk,
  });
  opened.adopt(gateway, (it) => it.close());
  endpoint = await listen(gateway, options);
  // Whoever waits at the door goes first: loading what works behind it keeps the thread busy for a while.
  await clock.sleep(firstAnswersMs);
  // The API answers from here on; what works behind it is loaded beside it.
  await ecs.loadAgentEndpoints();

  const sources = [
    ...(await ecs.loadEventSources()),
    ...(await loadCloudWatchEventSources()),
    ...(await loadAutoScalingEventSources()),
  ];
  opened.use(await startEvents(eventBridge, { store, sources, log }));

  const reconcilers = opened.use(
    startReconcilers({
      state,
      store,
      clock,
      random,
      log,
      reconcilers: [
        ...(await ecs.loadReconcilers()),
        ...(await ec2.loadReconcilers()),
        ...logsReconcilers(logs),
        ...(await loadCloudWatchReconcilers(cloudWatch)),
        ...(await loadCloudMapReconcilers(cloudMap)),
        ...(await loadAutoScalingReconcilers(autoScaling)),
        ...(await loadElbReconcilers(elb)),
        ...(await loadAcmReconcilers(acm)),
        ...(await loadKmsReconcilers(kms)),
        ...(await loadEksReconcilers(eks)),
        ...kubernetes.reconcilers,
        earlyClusterPrograms(() =>
          Promise.all([kubernetes.prepare(), gateway.prepare(eksService.signingName)]),
        ),
      ],
    }),
  );
  const { targets, nodes } = opened.use(reportSink(state, log));
  const accessLogs = opened.use(
    new AccessLogs({ state, buckets, spoolDirectory: options.logDirectories.spool, clock, random, log }),
  );
  const balancing: Balancing = {
    accessLogs,
    plans: planSource(state),
    guard: ruleGuard({ state, sealer: options.sealer, clock, random, log }),
    reports: {
      ...{ targets, nodes, traffic: carried.traffic },
      logged: (arn, report) => {
        accessLogs.logged(arn, report);
        carried.logged(arn, report);
      },
    },
    certificate: (arn) => servedCertificate(acm, arn),
    onCertificatesChanged: (changed) => onCertificatesChanged(state, changed),
  };
  const parts = opened.move();
  return {
    endpoint,
    state,
    reconcilers,
    balancing,
    clusterNetworks,
    network: networkSource(state, options.machineId),
    noteAttachments: (vpcKey, isThere) => noteAttachments(state, vpcKey, isThere),
    interfaceOwners: () => ecs.interfaceOwners(),
    endMachine: async (machineId) => {
      await ecs.endMachine(machineId);
      await endMachineNodes({ state, clock }, machineId);
      await endMachineVolumes(state, machineId);
    },
    nodeHome: async (machineId) => {
      const { nodeHome } = await import('./kubelets/node-home.ts');
      const isHome = machineId === options.machineId;
      return nodeHome({ state, clock, random, iam, machineId, isHome });
    },
    loadIdentities: () => iam.loadOperator(),
    isServingClusters: () => kubernetes.isServing(),
    interruptSpot: (task) => ecs.interruptSpot(defaultCluster, task),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

async function listen(gateway: Gateway, { host, port }: ControlPlaneOptions): Promise<string> {
  try {
    const listening = await gateway.listen({ host, port });
    // Agents and people on this machine reach a listener on every address by the loopback one.
    const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
    return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${listening.port}`;
  } catch (error) {
    throw new CommandError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
