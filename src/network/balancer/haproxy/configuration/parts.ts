import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { LoadBalancerPlan, NodePlan, TargetGroupPlan } from '../../../../balancing/index.ts';
import type { CertificateChain } from '../../balancer.ts';
import type { Slots } from '../slots.ts';

/** What a node's configuration is made of. */
export interface NodeConfiguration {
  readonly plan: LoadBalancerPlan;
  readonly node: NodePlan;
  /** Of each target group, by its ARN. */
  readonly slots: ReadonlyMap<string, Slots>;
  /** By ARN; of all listeners. */
  readonly certificates: ReadonlyMap<string, CertificateChain>;
  /** Where its files are. */
  readonly directory: string;
  readonly socketPath: string;
  /** An empty directory, which is all that the process sees of the machine. */
  readonly rootDirectory: string;
  /** Whom it works as once it has begun. */
  readonly user: string;
  /** In which targets of the type `instance` are reached, by its name below /run/netns. */
  readonly hostNamespace: string;
  /** Makes cookies, so that they tell nothing of what they stand for. */
  readonly cookieKey: string;
}

/** What the parts of a configuration share while it is written. */
export class Parts {
  readonly configuration: NodeConfiguration;
  /** What the configuration refers to, by name within its directory. */
  readonly files = new Map<string, string>();
  readonly #groups: ReadonlyMap<string, TargetGroupPlan>;

  constructor(configuration: NodeConfiguration) {
    this.configuration = configuration;
    this.#groups = new Map(configuration.plan.targetGroups.map((group) => [group.arn, group]));
  }

  get cookieKey(): string {
    return this.configuration.cookieKey;
  }

  group(arn: string): TargetGroupPlan {
    const group = this.#groups.get(arn);
    if (group === undefined) throw new Error(`The plan names a target group that it does not have: ${arn}`);
    return group;
  }

  /** @returns the path of a file with that content: named after it, so that other content is another file. */
  file(kind: string, content: string): string {
    return this.#add(`${kind}-${createHash('sha256').update(content).digest('hex').slice(0, 32)}`, content);
  }

  /** One whose content also changes while it is in use. */
  changingFile(name: string, content: string): string {
    return this.#add(name, content);
  }

  #add(name: string, content: string): string {
    this.files.set(name, content);
    return join(this.configuration.directory, name);
  }
}
