import type { Server } from 'node:net';
import type { Guard, ListenerPlan, LoadBalancerAttributes } from '../../../../balancing/index.ts';
import type { Clock, Random } from '../../../../clock/index.ts';
import type { Certificates } from './certificates.ts';
import type { Connections } from './connections.ts';
import type { TargetGroup } from './target-group.ts';

/** What a listener works by now. It may be other parts with the next connection or request. */
export interface ListenerSetting {
  readonly plan: ListenerPlan;
  readonly attributes: LoadBalancerAttributes;
  /** Of HTTPS and TLS. */
  readonly certificates?: Certificates;
  readonly group: (arn: string) => TargetGroup;
  readonly cookieKey: string;
  readonly guard: Guard;
}

/** What all listeners of a proxy share. */
export interface ListenerParts {
  /** Of clients. */
  readonly connections: Connections;
  /** The load balancer itself answered a client. */
  readonly answered: (status: number) => void;
  readonly clock: Clock;
  readonly random: Random;
}

/** A server that works by a setting. */
export interface ListeningServer {
  readonly server: Server;
  /** Takes over another setting of the same kind. */
  follow(setting: ListenerSetting): void;
  /** Takes nothing new; what is under way goes on. */
  finish(): void;
}

/** Two settings of the same kind are the same server's. */
export function kindOf({ plan, attributes }: Pick<ListenerSetting, 'plan' | 'attributes'>): string {
  const { port, protocol, alpnPolicy = '' } = plan;
  return [port, protocol, alpnPolicy, protocol === 'HTTPS' && attributes.http2].join(' ');
}
