import type { GuardKind } from './guard.ts';

/** What a node of a load balancer has to log, in the order in which it ended. */
export interface LogReport {
  /** Of the plan's node. */
  readonly interfaceId: string;
  readonly entries: readonly LogEntry[];
}

/** A request of an application load balancer, or a TLS connection of a network load balancer, that has ended. */
export type LogEntry = RequestEntry | TlsConnectionEntry;

export interface Place {
  readonly address: string;
  readonly port: number;
}

/** Times are epoch microseconds, durations milliseconds. Texts are as the client sent them, a character for each byte. */
export interface RequestEntry {
  readonly type: 'request';
  readonly kind: 'http' | 'https' | 'h2' | 'grpcs' | 'ws' | 'wss';
  readonly beganAt: number;
  readonly endedAt: number;
  readonly client: Place;
  /** The one that was chosen, whether it answered or not. */
  readonly target?: Place;
  readonly targetGroupArn?: string;
  /** Until it was on its way to a target. */
  readonly requestMs?: number;
  /** From then on until the target began to answer. */
  readonly targetMs?: number;
  /** Absent: the client has heard nothing. */
  readonly status?: number;
  /** Whether the status is the target's. */
  readonly isTargets: boolean;
  /** The client did not wait for it. */
  readonly isClientGone: boolean;
  readonly receivedBytes: number;
  readonly sentBytes: number;
  readonly listenerPort: number;
  /** Absent: it could not be read. */
  readonly request?: { readonly method: string; readonly url: string; readonly version: string };
  readonly userAgent?: string;
  readonly traceId?: string;
  readonly tls?: TlsFacts;
  /** `default`: none of the other rules. Absent: it was answered before any was tried. */
  readonly rule?: number | 'default';
  readonly action?: 'forward' | 'redirect' | 'fixed-response';
  /** The rule has one, or the user came back from an identity provider; without `action` it has answered. */
  readonly guard?: GuardKind;
  /** Why the guard let nobody pass, by AWS's name: `AuthInvalidCookie`. */
  readonly errorReason?: string;
  /** Where a redirect leads. */
  readonly location?: string;
  /** Of the rule, by AWS's word for how it went, and what they made of the Host header, and of path and query. */
  readonly transform?: { readonly status: string; readonly host?: string; readonly url?: string };
  /** The same for all requests of a connection. */
  readonly connectionId: string;
}

export interface TlsConnectionEntry {
  readonly type: 'tls';
  readonly beganAt: number;
  readonly endedAt: number;
  readonly client: Place;
  readonly listenerId: string;
  /** The node's, with the listener's port. */
  readonly destination: Place;
  readonly connectionMs: number;
  readonly handshakeMs: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
  readonly tls: TlsFacts;
  /** What client and load balancer agreed on, e.g. `h2`. */
  readonly alpn?: string;
}

export interface TlsFacts {
  /** By OpenSSL's name. */
  readonly cipher: string;
  /** E.g. `TLSv1.3`. */
  readonly version: string;
  readonly serverName?: string;
  /** Absent: an earlier session of the client was taken up. */
  readonly certificateArn?: string;
}
