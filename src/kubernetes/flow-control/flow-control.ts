import type { Clock } from '../../clock/index.ts';
import type { User } from '../authentication/user.ts';
import type { Attributes } from '../authorization/rbac.ts';
import type { KubernetesObject } from '../objects/object.ts';
import type { ObjectsInMemory } from '../objects/objects-in-memory.ts';
import {
  type FlowSchema,
  flowSchemaOf,
  flowSchemas,
  type PriorityLevel,
  priorityLevelOf,
  priorityLevels,
} from './flow-objects.ts';
import { mandatoryLevels, mandatorySchemas, type NamedSpec } from './mandatory.ts';
import { distinguisherOf, inOrder, matching } from './matching.ts';
import { type Flow, Seats } from './seats.ts';

/** Requests of one cluster that are answered at the same time, besides those of exempt levels. */
const mostSeats = 128;

/** What a request is of. */
export interface ClassifiedRequest {
  readonly schemaUid: string;
  readonly levelUid: string;
  readonly flow: Flow;
}

/** Who is answered when, by the FlowSchemas and PriorityLevelConfigurations of a cluster as they stand. */
export class FlowControl {
  readonly #objects: Pick<ObjectsInMemory, 'all'>;
  readonly #seats: Seats;
  #readSchemas: readonly KubernetesObject[] | undefined;
  #readLevels: readonly KubernetesObject[] | undefined;
  #schemas: readonly FlowSchema[] = [];
  #catchAll: FlowSchema | undefined;
  #levels: ReadonlyMap<string, PriorityLevel> = new Map();

  constructor(objects: Pick<ObjectsInMemory, 'all'>, clock: Clock) {
    this.#objects = objects;
    this.#seats = new Seats(mostSeats, clock);
  }

  /** As a request is told apart from others. One that no schema matches is of `catch-all`. */
  classify(user: User, asked: Attributes): ClassifiedRequest {
    this.#follow();
    const schema = matching(this.#schemas, user, asked) ?? this.#catchAll;
    if (schema === undefined) throw new Error('The FlowSchema catch-all is mandatory');
    return {
      schemaUid: schema.uid,
      levelUid: this.#levels.get(schema.level)?.uid ?? '',
      flow: {
        level: schema.level,
        id: () => `${schema.name}/${distinguisherOf(schema, user, asked)}`,
      },
    };
  }

  /** See `Seats.take`. */
  take({ flow }: ClassifiedRequest, gone: () => AbortSignal): ReturnType<Seats['take']> {
    return this.#seats.take(flow, gone);
  }

  #follow(): void {
    const [schemas, levels] = [this.#objects.all(flowSchemas), this.#objects.all(priorityLevels)];
    if (schemas === this.#readSchemas && levels === this.#readLevels) return;
    [this.#readSchemas, this.#readLevels] = [schemas, levels];
    const all = withMandatory(levels, mandatoryLevels).map(priorityLevelOf);
    this.#levels = new Map(all.map((level) => [level.name, level]));
    // Requests are not led to a level that is not there.
    this.#schemas = inOrder(
      withMandatory(schemas, mandatorySchemas)
        .map(flowSchemaOf)
        .filter(({ level }) => this.#levels.has(level)),
    );
    this.#catchAll = this.#schemas.find(({ name }) => name === 'catch-all');
    this.#seats.configure(all);
  }
}

/** Also while one of them is being made. */
const withMandatory = (
  objects: readonly KubernetesObject[],
  mandatory: readonly NamedSpec[],
): readonly KubernetesObject[] => [
  ...objects,
  ...mandatory
    .filter(({ name }) => !objects.some(({ metadata }) => metadata.name === name))
    .map(({ name, spec }): KubernetesObject => ({ apiVersion: '', kind: '', metadata: { name }, spec })),
];
