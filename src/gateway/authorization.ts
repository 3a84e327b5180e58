import { type CodeAndStatus, Refusal } from '../protocols/index.ts';
import type { Decision } from '../services/iam/index.ts';
import type { Principal } from '../services/service.ts';
import type { Exchange } from './exchange.ts';
import type { Signature } from './signature.ts';

/** Asked before any operation runs, route answers or connection is upgraded. */
export type Authorize = (request: {
  readonly principal: Principal;
  /** E.g. `ecs:RunTask`. */
  readonly action: string;
  /** The ARNs acted on, or `*`. */
  readonly resources: readonly string[];
  readonly context: AuthorizationContext;
}) => Decision | Promise<Decision>;

/** The global condition keys that a request itself answers. */
export interface AuthorizationContext {
  readonly 'aws:SourceIp': string;
  readonly 'aws:UserAgent': string;
  readonly 'aws:RequestedRegion': string;
  readonly 'aws:SecureTransport': boolean;
  /** Epoch milliseconds. */
  readonly 'aws:CurrentTime': number;
}

/** @throws {Refusal} `denied`, with the reason that the decision gives. */
export async function assertAllowed(
  exchange: Exchange,
  authorize: Authorize,
  asked: {
    readonly principal: Principal;
    readonly signature: Signature;
    readonly action: string;
    readonly resources: readonly string[];
  },
  denied: CodeAndStatus,
): Promise<void> {
  const { principal, signature, action, resources } = asked;
  const decision = await authorize({
    principal,
    action,
    resources,
    context: {
      'aws:SourceIp': exchange.request.socket.remoteAddress ?? '',
      'aws:UserAgent': exchange.request.headers['user-agent'] ?? '',
      'aws:RequestedRegion': signature.region,
      'aws:SecureTransport': false,
      'aws:CurrentTime': exchange.now,
    },
  });
  if (!decision.isAllowed) throw new Refusal(denied.code, decision.message, { status: denied.status });
}
