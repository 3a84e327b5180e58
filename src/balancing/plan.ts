import type { GuardKind } from './guard.ts';

/**
 * What a load balancer does, as plain data between those who decide and those who carry traffic: Elastic Load Balancing
 * makes it of its records, the data plane of a machine makes the proxies so, and `route.ts` says what follows from it
 * for one request. Its parts are frozen, and a part that has not changed is the same object in the next plan: so
 * differences are found by identity.
 *
 * Whole seconds unless said otherwise; addresses are IPv4 in dotted form.
 */
export interface LoadBalancerPlan {
  readonly arn: string;
  /** The 16 hexadecimal digits at the end of its ARN. */
  readonly id: string;
  readonly type: 'application' | 'network';
  readonly vpcId: string;
  /** One for each of its subnets, at least one. */
  readonly nodes: readonly NodePlan[];
  /** Each on a port of its own. */
  readonly listeners: readonly ListenerPlan[];
  /** All that its listeners and rules name: a target group serves one load balancer only. */
  readonly targetGroups: readonly TargetGroupPlan[];
  readonly attributes: LoadBalancerAttributes;
}

/** Where a load balancer is in one availability zone: an interface of its own, held to the balancer's security groups. */
export interface NodePlan {
  /** `eni-…`. */
  readonly interfaceId: string;
  readonly address: string;
  readonly availabilityZone: string;
}

/** Those that change what becomes of a request; by AWS's keys in the comments. */
export interface LoadBalancerAttributes {
  /** idle_timeout.timeout_seconds */
  readonly idleTimeout: number;
  /** client_keep_alive.seconds */
  readonly clientKeepAlive: number;
  /** routing.http2.enabled */
  readonly http2: boolean;
  /** routing.http.drop_invalid_header_fields.enabled */
  readonly dropInvalidHeaderFields: boolean;
  /** routing.http.preserve_host_header.enabled */
  readonly preserveHostHeader: boolean;
  /** routing.http.xff_client_port.enabled */
  readonly xffClientPort: boolean;
  /** routing.http.xff_header_processing.mode */
  readonly xffHeaderProcessing: 'append' | 'preserve' | 'remove';
  /** routing.http.x_amzn_tls_version_and_cipher_suite.enabled */
  readonly tlsHeaders: boolean;
  /** load_balancing.cross_zone.enabled */
  readonly crossZone: boolean;
  /** access_logs.s3.enabled: what ends is reported. */
  readonly isLogged: boolean;
}

export interface ListenerPlan {
  readonly arn: string;
  /** The 16 hexadecimal digits at the end of its ARN. */
  readonly id: string;
  readonly port: number;
  readonly protocol: 'HTTP' | 'HTTPS' | 'TCP' | 'TLS' | 'UDP' | 'TCP_UDP';
  /** ARNs, the default one first; empty unless HTTPS or TLS. */
  readonly certificateArns: readonly string[];
  /** E.g. `ELBSecurityPolicy-2016-08`; with certificates only. */
  readonly sslPolicy?: string;
  /** Of TLS listeners. */
  readonly alpnPolicy?: 'HTTP1Only' | 'HTTP2Only' | 'HTTP2Optional' | 'HTTP2Preferred';
  /** routing.http.response.*: what every answer has in place of its own headers of these names; without a value: none. */
  readonly answerHeaders?: readonly { readonly name: string; readonly value?: string }[];
  /** tcp.idle_timeout.seconds */
  readonly tcpIdleTimeout?: number;
  /** In the order in which they are tried; the last one is the default, without conditions. */
  readonly rules: readonly RulePlan[];
}

export interface RulePlan {
  readonly arn: string;
  /** 1 to 50000. */
  readonly priority: number | 'default';
  /** All of them hold. */
  readonly conditions: readonly RuleCondition[];
  /** Asked before the action; by whoever carries the plan out, with the rule's ARN. */
  readonly guard?: GuardKind;
  readonly action: RuleAction;
  /** Of requests that it forwards. */
  readonly transforms?: RuleTransforms;
}

/** What becomes of a request before a target gets it: of the Host header, and of path and query. */
export interface RuleTransforms {
  readonly host?: Rewrite;
  readonly url?: Rewrite;
}

export interface Rewrite {
  /** The first match is replaced. */
  readonly regex: string;
  /** With `$1` to `$9`. */
  readonly replace: string;
}

/**
 * One of the values matches. In patterns `*` stands for any run of characters, `?` for one. Expressions are searched
 * for as they are: with the case of letters, and in all of a Host header, its port included.
 */
export type RuleCondition =
  | ({ readonly field: 'host-header' | 'path-pattern' } & TextCondition)
  | ({ readonly field: 'http-header'; readonly name: string } & TextCondition)
  | { readonly field: 'http-request-method'; readonly methods: readonly string[] }
  | { readonly field: 'query-string'; readonly pairs: readonly QueryPattern[] }
  | { readonly field: 'source-ip'; readonly cidrs: readonly string[] };

/** Patterns or expressions, not both. */
export interface TextCondition {
  readonly patterns: readonly string[];
  /** Regular expressions that `checkExpression` has taken. */
  readonly expressions?: readonly string[];
}

/** Without a key: the value of any. */
export interface QueryPattern {
  readonly key?: string;
  readonly value: string;
}

export type RuleAction =
  | {
      readonly type: 'forward';
      readonly targetGroups: readonly WeightedTargetGroup[];
      /** Keeps a client with its target group. */
      readonly stickinessDuration?: number;
    }
  | {
      readonly type: 'redirect';
      readonly statusCode: 301 | 302;
      /** With `#{protocol}`, `#{host}`, `#{port}`, `#{path}`, `#{query}`, as given. */
      readonly protocol: string;
      readonly host: string;
      readonly port: string;
      readonly path: string;
      readonly query: string;
    }
  | {
      readonly type: 'fixed-response';
      readonly statusCode: number;
      readonly contentType?: string;
      readonly messageBody?: string;
    };

export interface WeightedTargetGroup {
  /** Of `targetGroups`. */
  readonly arn: string;
  /** 0 to 999. */
  readonly weight: number;
}

export interface TargetGroupPlan {
  readonly arn: string;
  /** The 16 hexadecimal digits at the end of its ARN. */
  readonly id: string;
  readonly protocol: 'HTTP' | 'HTTPS' | 'TCP' | 'TLS' | 'UDP' | 'TCP_UDP';
  /** Of HTTP and HTTPS. */
  readonly protocolVersion?: 'HTTP1' | 'HTTP2' | 'GRPC';
  /** `ip`: in the VPC, nodes of Kubernetes too. `instance`: a container instance of this installation, by the machine's own addresses. */
  readonly targetType: 'ip' | 'instance';
  readonly healthCheck: HealthCheckPlan;
  readonly algorithm: 'round_robin' | 'least_outstanding_requests' | 'weighted_random';
  readonly slowStart: number;
  readonly stickiness: TargetStickiness;
  /** deregistration_delay.connection_termination.enabled */
  readonly terminatesConnections: boolean;
  /** preserve_client_ip.enabled, of network load balancers */
  readonly preservesClientIp: boolean;
  /** proxy_protocol_v2.enabled */
  readonly proxyProtocolV2: boolean;
  /** load_balancing.cross_zone.enabled; absent: as the load balancer says. */
  readonly crossZone?: boolean;
  readonly targets: readonly TargetPlan[];
}

export type TargetStickiness =
  | { readonly type: 'none' }
  | { readonly type: 'lb_cookie'; readonly duration: number }
  | { readonly type: 'app_cookie'; readonly cookieName: string; readonly duration: number }
  | { readonly type: 'source_ip' };

export interface HealthCheckPlan {
  readonly protocol: 'HTTP' | 'HTTPS' | 'TCP';
  /** Absent: the port of the traffic. */
  readonly port?: number;
  readonly path?: string;
  readonly interval: number;
  readonly timeout: number;
  readonly healthyThreshold: number;
  readonly unhealthyThreshold: number;
  /** HTTP statuses or gRPC codes, ends included. */
  readonly matcher: readonly CodeRange[];
}

export interface CodeRange {
  readonly from: number;
  readonly to: number;
}

export interface TargetPlan {
  /** As registered: an address, or an instance's id. */
  readonly id: string;
  readonly port: number;
  /** Where it is reached: within the VPC, or for instances on the machine. */
  readonly address: string;
  /** `all`: whatever the zone. */
  readonly availabilityZone: string;
  /** Deregistered: it gets nothing new, and is out of the plan once its delay is over. */
  readonly isDraining: boolean;
}
