import type { Socket } from 'node:net';
import type { Clock, Random } from '../clock/index.ts';
import type { Log } from '../log.ts';
import type { State } from '../reconcile/index.ts';
import type { Sealer } from '../sealing/index.ts';
import type { Infrastructure, InfrastructureSession } from '../services/infrastructure.ts';
import type { EncryptionContext, KeptDataKey } from '../services/kms/index.ts';
import type { Principal } from '../services/service.ts';
import type { Store } from '../store/index.ts';
import type { OidcAuthentication } from './authentication/oidc-token.ts';
import type { ClusterPlace } from './objects/object-records.ts';
import type { Address } from './webhooks/service-address.ts';

/** What the clusters' control planes are given by the composition root. */
export interface KubernetesContext {
  readonly store: Store;
  readonly state: State;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** The address that API servers listen on. */
  readonly host: string;
  /** Makes what a new cluster signs its tokens with, as PKCS #8 in PEM. Default: one that nobody had before. */
  readonly newTokenKey?: () => Promise<string>;
  /**
   * Opens a TCP connection from a control plane's interfaces in the VPC of its cluster. @param address IPv4.
   * @throws {Error} with the kernel's word for it as `code`; the cluster has no interfaces on this machine, and why.
   */
  readonly connectIn: (place: ClusterPlace, address: Address, signal: AbortSignal) => Promise<Socket>;
  /** See `EksContext.otherMachines`. */
  readonly otherMachines: () => readonly string[];
  /** The keys of an OpenID Connect provider: see `Iam.issuerKeys`. */
  readonly issuerKeys: OidcAuthentication['issuerKeys'];
  /**
   * Acts in EC2 and Elastic Load Balancing with a cluster's role, as `eks.amazonaws.com`.
   * @throws {Refusal} AccessDeniedException there is no such role, or it doesn't trust EKS.
   */
  readonly assumeRole: (session: InfrastructureSession) => Infrastructure;
  /** See `openDataKey` of KMS's. @throws {Refusal} the key of KMS can't be used now. */
  readonly openDataKey: (kept: KeptDataKey, about: EncryptionContext) => Buffer;
  /** Appends lines to a log group of CloudWatch Logs, which is made where it is not there. */
  readonly writeLogLines: (
    scope: { readonly accountId: string; readonly region: string },
    place: { readonly group: string; readonly stream: string },
    lines: readonly { readonly timestamp: number; readonly message: string }[],
  ) => Promise<void>;
  /** See `VerifyPresignedCaller` of the gateway. */
  readonly verifyCaller: (
    url: string,
    header: { readonly name: string; readonly value: string },
    now: number,
  ) => Principal | undefined;
}
