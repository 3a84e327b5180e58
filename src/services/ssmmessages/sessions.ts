import { hex } from '../../clock/index.ts';
import {
  decodeAgentMessage,
  messageTypes,
  readTaskComplete,
  type SessionRequest,
  startSession,
} from '../../session-channel/index.ts';
import type { ChannelSocket } from './channel-socket.ts';
import type { SsmMessagesContext } from './context.ts';
import { Session, type SessionEnd } from './session.ts';
import { Tokens } from './tokens.ts';

/** Amazon ECS: sessions on one container at the same time. */
const mostSessionsOfTarget = 10;

export interface Scope {
  readonly accountId: string;
  readonly region: string;
}

type TokenPurpose =
  | { readonly type: 'control'; readonly key: string }
  | { readonly type: 'data'; readonly sessionId: string; readonly end: SessionEnd };

export interface NewSession extends Omit<SessionRequest, 'sessionId'> {
  readonly target: string;
}

export type StartedSession =
  | {
      readonly type: 'started';
      readonly sessionId: string;
      readonly streamUrl: string;
      readonly tokenValue: string;
    }
  | { readonly type: 'not-connected' }
  | { readonly type: 'too-many'; readonly most: number };

/**
 * Which targets have an agent on their control channel, and the sessions under way. All of it is in memory: a session
 * is its two connections, and those end with the process.
 */
export class Sessions {
  readonly #context: SsmMessagesContext;
  readonly #tokens: Tokens<TokenPurpose>;
  readonly #agents = new Map<string, ChannelSocket>();
  readonly #sessions = new Map<string, { readonly session: Session; readonly scopeKey: string }>();

  constructor(context: SsmMessagesContext) {
    this.#context = context;
    this.#tokens = new Tokens(context.clock, context.random);
  }

  /** A token for the control channel of `target`. */
  createControlChannel(scope: Scope, target: string): string {
    return this.#tokens.issue({ type: 'control', key: keyOf(scope, target) });
  }

  /** A token for the agent's end of a session; undefined when there is no such session. */
  createDataChannel(scope: Scope, sessionId: string): string | undefined {
    if (this.#sessions.get(sessionId)?.scopeKey !== keyOf(scope, '')) return undefined;
    return this.#tokens.issue({ type: 'data', sessionId, end: 'agent' });
  }

  /** @returns why the connection is refused. */
  openControlChannel(scope: Scope, target: string, token: string, socket: ChannelSocket): string | undefined {
    const purpose = this.#tokens.redeem(token);
    const key = keyOf(scope, target);
    if (purpose?.type !== 'control' || purpose.key !== key) return invalidToken;
    const older = this.#agents.get(key);
    this.#agents.set(key, socket);
    older?.close(1008, 'A newer control channel was opened');
    socket.open(
      (frame) => this.#fromAgent(key, frame),
      () => {
        if (this.#agents.get(key) === socket) this.#agents.delete(key);
      },
    );
    return undefined;
  }

  openDataChannel(sessionId: string, token: string, socket: ChannelSocket): string | undefined {
    const purpose = this.#tokens.redeem(token);
    if (purpose?.type !== 'data' || purpose.sessionId !== sessionId) return invalidToken;
    const session = this.#sessions.get(sessionId)?.session;
    if (session === undefined) return 'The session is over';
    return session.attach(purpose.end, socket) ? undefined : 'This end of the session is connected already';
  }

  isConnected(scope: Scope, target: string): boolean {
    return this.#agents.has(keyOf(scope, target));
  }

  /** Tells the agent of `target` to run `command` on a terminal, and the caller where to find it. */
  start(scope: Scope, { target, ...request }: NewSession): StartedSession {
    const key = keyOf(scope, target);
    const agent = this.#agents.get(key);
    if (agent === undefined) return { type: 'not-connected' };
    const underWay = [...this.#sessions.values()].filter(({ session }) => session.target === key).length;
    if (underWay >= mostSessionsOfTarget) return { type: 'too-many', most: mostSessionsOfTarget };
    const { random, log, endpoint } = this.#context;
    const sessionId = `ecs-execute-command-${hex(random, 17)}`;
    const session = new Session(this.#context, sessionId, key, () => {
      this.#sessions.delete(sessionId);
      // An agent that has not come yet need not come any more.
      if (!session.has('agent'))
        this.#agents.get(key)?.send(messageTypes.channelClosed, session.closedMessage(''));
      log.info('A session is over', { sessionId, target });
    });
    this.#sessions.set(sessionId, { session, scopeKey: keyOf(scope, '') });
    log.info('A session begins', { sessionId, target });
    agent.send(messageTypes.interactiveShell, startSession({ sessionId, ...request }));
    return {
      type: 'started',
      sessionId,
      streamUrl: `${endpoint().replace(/^http/, 'ws')}/v1/data-channel/${sessionId}?role=publish_subscribe`,
      tokenValue: this.#tokens.issue({ type: 'data', sessionId, end: 'client' }),
    };
  }

  #fromAgent(key: string, frame: Buffer): void {
    const message = decodeAgentMessage(frame);
    if (message?.messageType !== messageTypes.agentTaskComplete) return;
    const { sessionId, output } = readTaskComplete(message.payload);
    const session = this.#sessions.get(sessionId)?.session;
    // An agent ends sessions of its own target only.
    if (session?.target === key) session.close(output);
  }
}

const invalidToken = 'The token is unknown, was used before or has expired';

const keyOf = ({ accountId, region }: Scope, target: string): string => `${accountId}/${region}/${target}`;
