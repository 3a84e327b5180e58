import { createHash } from 'node:crypto';
import type { RecordKey } from '../../reconcile/index.ts';
import type { Pod } from '../controllers/objects.ts';

/**
 * A load balancer as objects of a cluster want it, in Elastic Load Balancing's terms and names. Made by pure functions of
 * the objects (`service-model.ts`, `ingress-model.ts`), brought about by `converge.ts`.
 */
export interface WantedBalancer {
  /** Its own and its security group's. */
  readonly name: string;
  readonly type: 'application' | 'network';
  readonly scheme: 'internal' | 'internet-facing';
  /** By ids or by their tag `Name`. Absent: found by the tags of subnets. */
  readonly subnets?: readonly string[];
  /** Of a network load balancer, one in each of its subnets. */
  readonly addresses?: WantedAddresses;
  /** By ids or by their tag `Name`. Absent: a security group of its own lets in what its listeners take. */
  readonly securityGroups?: readonly string[];
  /** Whether a security group of its own is let in to targets. */
  readonly reachesTargets: boolean;
  readonly attributes: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly targetGroups: readonly WantedTargetGroup[];
  readonly listeners: readonly WantedListener[];
}

/** Elastic IP addresses by their allocations, or private addresses. */
export type WantedAddresses =
  | { readonly allocationIds: readonly string[] }
  | { readonly privateIpv4: readonly string[] };

export interface WantedTargetGroup {
  readonly name: string;
  /** Of the record of the service whose pods or node port it sends to. */
  readonly serviceKey: string;
  readonly protocol: 'TCP' | 'UDP' | 'TCP_UDP' | 'TLS' | 'HTTP' | 'HTTPS';
  /** Of HTTP and HTTPS; default HTTP1. */
  readonly protocolVersion?: 'HTTP1' | 'HTTP2' | 'GRPC';
  /** Where no target says another. */
  readonly port: number;
  readonly targetType: 'ip' | 'instance';
  /** Of CreateTargetGroup and ModifyTargetGroup. */
  readonly healthCheck: HealthCheck;
  readonly attributes: Readonly<Record<string, string>>;
  readonly targets: readonly WantedTarget[];
}

export interface WantedTarget {
  /** An address, or an instance's id. */
  readonly id: string;
  readonly port: number;
  /** The pod behind it that is to be Ready when it is healthy here. */
  readonly waiting?: Pod;
}

export interface HealthCheck {
  readonly HealthCheckProtocol: 'TCP' | 'HTTP' | 'HTTPS';
  /** `traffic-port` or a number. */
  readonly HealthCheckPort: string;
  readonly HealthCheckPath?: string;
  readonly HealthCheckIntervalSeconds: number;
  readonly HealthCheckTimeoutSeconds: number;
  readonly HealthyThresholdCount: number;
  readonly UnhealthyThresholdCount: number;
  /** Of HTTP and HTTPS: codes such as `200-399`. */
  readonly codes?: string;
}

/** What is done with a request, and who gets as far as that. */
export interface Guarded {
  /** Of HTTPS listeners. */
  readonly guard?: WantedGuard;
  readonly action: WantedAction;
}

export type WantedGuard = WantedSignIn | WantedToken;

export interface WantedSignIn {
  readonly type: 'authenticate-oidc';
  /** Of the record of the Secret that has the client's id and secret. */
  readonly secretKey: RecordKey;
  /** Absent: not read yet. */
  readonly client?: {
    readonly id: string;
    readonly secret: string;
    /** Another one when anything of the Secret has changed. */
    readonly version: number;
  };
  readonly config: {
    readonly Issuer: string;
    readonly AuthorizationEndpoint: string;
    readonly TokenEndpoint: string;
    readonly UserInfoEndpoint: string;
    readonly AuthenticationRequestExtraParams: Readonly<Record<string, string>>;
    readonly OnUnauthenticatedRequest: 'allow' | 'authenticate' | 'deny';
    readonly Scope: string;
    readonly SessionCookieName: string;
    /** Seconds. */
    readonly SessionTimeout: number;
  };
}

export interface WantedToken {
  readonly type: 'jwt-validation';
  readonly config: {
    readonly JwksEndpoint: string;
    readonly Issuer: string;
    readonly AdditionalClaims: readonly {
      readonly Name: string;
      readonly Format: 'single-string' | 'space-separated-values' | 'string-array';
      readonly Values: readonly string[];
    }[];
  };
}

export interface WantedListener extends Guarded {
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP' | 'TCP_UDP' | 'TLS' | 'HTTP' | 'HTTPS';
  /** ARNs; the first is the default. */
  readonly certificates: readonly string[];
  /** Names for which certificates are looked for, besides. */
  readonly hosts?: readonly string[];
  readonly sslPolicy?: string;
  readonly alpnPolicy?: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** CIDRs and prefix lists that the load balancer's own security group lets in. */
  readonly sources: readonly string[];
  /** Of application load balancers, in the order in which they are asked. */
  readonly rules: readonly WantedRule[];
}

export interface WantedRule extends Guarded {
  readonly conditions: readonly WantedCondition[];
  readonly transforms: readonly WantedTransform[];
}

export interface WantedTransform {
  readonly type: 'host-header-rewrite' | 'url-rewrite';
  readonly rewrites: readonly { readonly Regex: string; readonly Replace: string }[];
}

/** Values with wildcards or regular expressions. */
export interface WantedTexts {
  readonly values: readonly string[];
  readonly regexValues?: readonly string[];
}

export type WantedCondition =
  | ({ readonly field: 'host-header' | 'path-pattern' } & WantedTexts)
  | ({ readonly field: 'http-header'; readonly name: string } & WantedTexts)
  | { readonly field: 'http-request-method'; readonly values: readonly string[] }
  | { readonly field: 'source-ip'; readonly values: readonly string[] }
  | {
      readonly field: 'query-string';
      readonly values: readonly { readonly Key?: string; readonly Value?: string }[];
    };

export type WantedAction =
  /** By names of target groups, or by ARNs; those that are not the load balancer's are somebody else's. */
  | {
      readonly type: 'forward';
      readonly to: readonly { readonly targetGroup: string; readonly weight: number }[];
      /** A client stays with the target group that it was sent to first, for so long. */
      readonly stickinessSeconds?: number;
    }
  | {
      readonly type: 'fixed-response';
      readonly StatusCode: string;
      readonly ContentType?: string;
      readonly MessageBody?: string;
    }
  | {
      readonly type: 'redirect';
      readonly StatusCode: 'HTTP_301' | 'HTTP_302';
      readonly Protocol?: string;
      readonly Port?: string;
      readonly Host?: string;
      readonly Path?: string;
      readonly Query?: string;
    };

/** What the objects say can't be made into a load balancer. The message is what the event says. */
export class ModelError extends Error {
  override readonly name = 'ModelError';
  /** Not by the objects alone: it is looked at again. */
  readonly mayChange: boolean;

  constructor(message: string, { mayChange = false } = {}) {
    super(message);
    this.mayChange = mayChange;
  }
}

/**
 * A name of at most 32 characters as the AWS Load Balancer Controller makes them: `k8s-<namespace>-<name>-<hash>`.
 * @param parts What it is to be another for when it is another.
 */
export function awsName(namespace: string, name: string, parts: readonly string[]): string {
  const short = (text: string): string => text.replace(/[^a-zA-Z0-9]/g, '').slice(0, 8);
  const hash = createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 10);
  return `k8s-${short(namespace)}-${short(name)}-${hash}`;
}
