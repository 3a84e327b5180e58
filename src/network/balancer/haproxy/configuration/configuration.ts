import { createHash } from 'node:crypto';
import { type LoadBalancerAttributes, mostHeaderBytes } from '../../../../balancing/index.ts';
import { unassigned } from '../slots.ts';
import { errorAnswer } from './error-page.ts';
import { guardGlobalLines, hasGuards } from './guards.ts';
import { listenerLines } from './listener.ts';
import { logGlobalLines, ringLines } from './log-lines.ts';
import { type NodeConfiguration, Parts } from './parts.ts';
import { targetGroupLines } from './target-group.ts';

export interface WrittenConfiguration {
  readonly text: string;
  /** What it refers to, by name within its directory. */
  readonly files: ReadonlyMap<string, string>;
  /** The same for two that differ only in what can be changed while they are in use. */
  readonly structure: string;
}

/**
 * The configuration of a node, whole: a process that begins with it needs nothing else.
 * @throws {BalancerError} the plan can't be carried out.
 */
export function writeConfiguration(configuration: NodeConfiguration): WrittenConfiguration {
  const { text, files } = written(configuration);
  const bare = written({
    ...configuration,
    socketPath: '',
    slots: new Map([...configuration.slots].map(([arn, slots]) => [arn, unassigned(slots)])),
  });
  const structure = createHash('sha256').update(bare.text).digest('hex');
  return { text: `${structureMark}${structure}\n${text}`, files, structure };
}

const structureMark = '# structure ';

/** The structure of a configuration that was written before. */
export function structureOf(text: string): string | undefined {
  return text.startsWith(structureMark) ? text.slice(structureMark.length, text.indexOf('\n')) : undefined;
}

function written(configuration: NodeConfiguration): {
  readonly text: string;
  readonly files: ReadonlyMap<string, string>;
} {
  const { plan, slots } = configuration;
  const parts = new Parts(configuration);
  const sections = [
    globalLines(configuration),
    guardGlobalLines(parts),
    ringLines(plan),
    defaultLines(plan.attributes),
    ...plan.listeners.map((listener) => listenerLines(listener, parts)),
    ...plan.targetGroups.map((group) => {
      const ofGroup = slots.get(group.arn);
      if (ofGroup === undefined) throw new Error(`No slots for ${group.arn}`);
      return targetGroupLines(group, ofGroup, parts);
    }),
  ];
  return { text: `${sections.flat().join('\n')}\n`, files: parts.files };
}

const rewriteBytes = 16_384;
/** The cookies of a session, or what a target finds of its user, are as much again. */
const guardedRewriteBytes = 32_768;

function globalLines({ socketPath, rootDirectory, user, plan }: NodeConfiguration): string[] {
  const rewritten = hasGuards(plan) ? guardedRewriteBytes : rewriteBytes;
  const reachesHost = plan.targetGroups.some(({ targetType }) => targetType === 'instance');
  return [
    'global',
    `stats socket ${socketPath} mode 600 level admin expose-fd listeners`,
    ...logGlobalLines(plan),
    // Whoever is led into another namespace for each connection has to stay root; everybody else needs nothing.
    ...(reachesHost ? [] : [`user ${user}`, `chroot ${rootDirectory}`]),
    'hard-stop-after 1h',
    `tune.bufsize ${mostHeaderBytes + rewritten}`,
    `tune.maxrewrite ${rewritten}`,
    'tune.h2.max-concurrent-streams 128',
    'tune.ssl.default-dh-param 2048',
  ];
}

function defaultLines({ idleTimeout, clientKeepAlive }: LoadBalancerAttributes): string[] {
  return [
    'defaults',
    'mode http',
    'timeout connect 10s',
    `timeout client ${idleTimeout}s`,
    `timeout server ${idleTimeout}s`,
    `timeout tunnel ${idleTimeout}s`,
    `timeout http-request ${idleTimeout}s`,
    `timeout http-keep-alive ${Math.min(idleTimeout, clientKeepAlive)}s`,
    'retries 0',
    // A request travels with the end of the handshake: a packet less, and a target that reads from what it has accepted
    // without waiting finds it there. gVisor on the machine's own network stack makes every program such a one.
    'option tcp-smart-connect',
    // Bytes are counted as they pass, not when a connection ends.
    'option contstats',
    // What can't be read as a request at all is answered with 400 or 408 in HAProxy's own words.
    ...[400, 500, 501, 502, 503, 504].map((status) => `http-error status ${status} ${errorAnswer(status)}`),
  ];
}
