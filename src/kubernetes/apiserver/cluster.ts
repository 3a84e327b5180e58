import type { Clock, Random } from '../../clock/index.ts';
import type { Log } from '../../log.ts';
import type { RemoteApis } from '../aggregation/remote-apis.ts';
import type { ControlPlaneLogs } from '../audit/control-plane-logs.ts';
import type { AuthenticateCertificate } from '../authentication/client-certificate.ts';
import type { TokenIssuer } from '../authentication/service-accounts/token-issuer.ts';
import type { Authenticate } from '../authentication/user.ts';
import type { Authorizer } from '../authorization/rbac.ts';
import type { FlowControl } from '../flow-control/flow-control.ts';
import type { UsageSource } from '../metrics/usage.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import type { ObjectsInMemory } from '../objects/objects-in-memory.ts';
import type { Watches } from '../objects/watches.ts';
import type { Catalogue } from '../schema/catalogue.ts';
import type { Admission } from './admission/chain.ts';
import type { Endpoints } from './reach/endpoints.ts';
import type { KubeletClient } from './reach/kubelet-client.ts';
import type { OpenStreams } from './reach/open-streams.ts';

/** What an API server answers with: one cluster's, of many in the process. */
export interface Cluster {
  /** As it is now: custom resources come and go. */
  readonly catalogue: Catalogue;
  readonly onCatalogueChange: (listener: () => void) => Disposable;
  readonly objects: ObjectStore;
  /** The same objects, in memory. */
  readonly inMemory: ObjectsInMemory;
  /** The APIs that other servers answer. */
  readonly remoteApis: RemoteApis;
  readonly watches: Watches;
  /** @throws {TokenError} the token is nobody's. */
  readonly authenticate: Authenticate;
  readonly authenticateCertificate: AuthenticateCertificate;
  /** Of the tokens of its ServiceAccounts. */
  readonly tokenIssuer: () => TokenIssuer;
  readonly authorizer: Authorizer;
  readonly admission: Admission;
  readonly flows: FlowControl;
  readonly logs: ControlPlaneLogs;
  readonly kubelets: KubeletClient;
  readonly streams: OpenStreams;
  readonly endpoints: Endpoints;
  /** What its nodes and pods use. */
  readonly usage: UsageSource;
  /** `1.36` */
  readonly version: string;
  readonly serviceIpv4Cidr: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Aborts when the server ends. */
  readonly signal: AbortSignal;
}
