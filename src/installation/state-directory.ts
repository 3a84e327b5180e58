import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/**
 * Where an installation lives: `CATAMARAN_STATE`, else `$XDG_STATE_HOME/catamaran`, else
 * `~/.local/state/catamaran` (XDG base directory specification). Always absolute.
 */
export function defaultStateDirectory(env: Readonly<Record<string, string | undefined>>): string {
  if (env.CATAMARAN_STATE) return resolve(env.CATAMARAN_STATE);
  const base = env.XDG_STATE_HOME || join(env.HOME || homedir(), '.local', 'state');
  return resolve(base, 'catamaran');
}

/** The places inside a state directory. */
export interface StateLayout {
  readonly directory: string;
  readonly server: string;
  readonly credentials: string;
  /** The key that secrets in the store are sealed with. */
  readonly sealingKey: string;
  /** Of a machine that has joined an installation elsewhere. */
  readonly membership: string;
  /** Its id and its private network. */
  readonly installation: string;
  /** What a detached server prints. */
  readonly log: string;
  readonly store: string;
  /** The events of CloudWatch Logs. */
  readonly logEvents: string;
  /** The events of EventBridge. */
  readonly events: string;
  /** The data points of CloudWatch. */
  readonly metrics: string;
  /** One folder for what load balancers work by. */
  readonly balancers: string;
  /** Folders that stand for S3's buckets. */
  readonly buckets: string;
  /** What load balancers have logged and is not in a bucket yet. */
  readonly balancerLogs: string;
  /** One folder for what the node side remembers. */
  readonly node: string;
  /** The data of pods' volumes. */
  readonly volumes: string;
  /** The file systems that tasks of limited storage write on. */
  readonly disks: string;
}

export function stateLayout(directory: string): StateLayout {
  const root = resolve(directory);
  return {
    directory: root,
    server: join(root, 'server.json'),
    credentials: join(root, 'credentials.json'),
    sealingKey: join(root, 'sealing-key.json'),
    membership: join(root, 'membership.json'),
    installation: join(root, 'installation.json'),
    log: join(root, 'catamaran.log'),
    store: join(root, 'store.sqlite'),
    logEvents: join(root, 'log-events.sqlite'),
    metrics: join(root, 'metrics.sqlite'),
    events: join(root, 'events.sqlite'),
    balancers: join(root, 'balancers'),
    buckets: join(root, 'buckets'),
    balancerLogs: join(root, 'balancer-logs'),
    node: join(root, 'node'),
    volumes: join(root, 'volumes'),
    disks: join(root, 'disks'),
  };
}
