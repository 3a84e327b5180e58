import type { Json } from '../../../store/index.ts';
import type { User } from '../../authentication/user.ts';
import type { Draft } from '../../kinds/kind.ts';
import type { JsonObject, KubernetesObject } from '../../objects/object.ts';
import type { Alongside } from '../../objects/object-store.ts';
import type { Resource } from '../../schema/catalogue.ts';
import { kindOfSubresource, optionsKindOf, type Subresource } from '../../schema/subresources.ts';

/** Who asks for a write, and where what is said beside its answer goes. */
export interface Requester {
  readonly user: User;
  /** A warning that the answer carries; one that was given before is not given again. */
  warn(text: string): void;
  /** What the audit log is to say of it. */
  annotate(key: string, value: string): void;
}

/** What somebody wants to do to an object, known to be allowed to him. */
export interface Attributes {
  readonly operation: 'CONNECT' | 'CREATE' | 'DELETE' | 'UPDATE';
  readonly resource: Resource;
  /** The version in which it was asked for, where `resource` is another in which somebody looks at it. */
  readonly requested?: Resource;
  readonly subresource: Subresource | undefined;
  readonly namespace: string | undefined;
  /** `''`: it is generated later. */
  readonly name: string;
  /** As it was; undefined for what is created. */
  readonly before: KubernetesObject | undefined;
  readonly isDryRun: boolean;
  /** `CreateOptions`, `UpdateOptions` or `DeleteOptions`, as they were given. */
  readonly options: JsonObject;
  readonly by: Requester;
}

/** Of what kind that is which is written, or said where something is connected to. */
export const writtenKind = ({
  operation,
  resource,
  subresource,
}: Pick<Attributes, 'operation' | 'resource' | 'subresource'>) =>
  (operation === 'CONNECT' ? optionsKindOf(resource, subresource) : undefined) ??
  kindOfSubresource(subresource) ??
  resource;

/** With what would be kept; undefined for what is deleted. */
export interface Proposed extends Attributes {
  readonly object: KubernetesObject | undefined;
}

/** With what may still be changed, in place; undefined for what is deleted. */
export interface Changeable extends Attributes {
  readonly draft: Draft | undefined;
  readonly rounds: Rounds;
}

/** With what is asked for where something is connected to: `PodExecOptions` and the like. */
export interface Connected extends Attributes {
  readonly object: JsonObject;
}

/** What is remembered of one object's way through the rules, which goes round twice where a webhook changes it. */
export interface Rounds {
  isSecond: boolean;
  /** A webhook has changed the object. */
  hasChanged: boolean;
  /** A webhook or a policy of the cluster's users has changed the object. */
  isPatched: boolean;
  /** As the last webhook left it. */
  left: Json | undefined;
  /** Webhooks that want to see what came after them, by their ids. */
  readonly asked: Set<string>;
  /** Those of them for which there is something to see. */
  readonly due: Set<string>;
}

/** What has to hold, and to be written, in the commit of the object. */
type Outcome = Alongside | undefined;

/** One rule of a cluster about what may be written: it has a say in what an object becomes, or whether it may be, or both. */
export interface Plugin {
  /** As Kubernetes calls it. */
  readonly name: string;
  /** Whether it has a say at all. Asked at every write, so it looks only at what is at hand. */
  handles(attributes: Attributes): boolean;
  /** @throws {ApiError} */
  mutate?(attributes: Changeable): Outcome | Promise<Outcome>;
  /** @throws {ApiError} */
  validate?(attributes: Proposed): Outcome | Promise<Outcome>;
}
