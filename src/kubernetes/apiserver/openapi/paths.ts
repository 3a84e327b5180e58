import type { Json } from '../../../store/index.ts';
import type { JsonObject } from '../../objects/object.ts';
import { type Resource, verbsOf } from '../../schema/catalogue.ts';
import {
  kindOfSubresource,
  type Subresource,
  shownKindOf,
  verbsOfSubresource,
} from '../../schema/subresources.ts';
import type { Dialect } from './dialect.ts';
import { optionsKinds, type Schemas } from './schemas.ts';

/** Everything that can be asked of a resource, by path. */
export function pathsOf(
  resource: Resource,
  root: string,
  dialect: Dialect,
  schemas: Schemas,
): readonly (readonly [path: string, item: JsonObject])[] {
  const { isNamespaced, name } = resource;
  const collection = `${root}/${isNamespaced ? 'namespaces/{namespace}/' : ''}${name}`;
  const verbs = verbsOf(resource);
  const operations = new Operations(resource, dialect, schemas);
  const own = { ...(isNamespaced && { namespace: true }) };
  const lists = verbs.includes('list');
  return [
    ...(isNamespaced && lists ? [[`${root}/${name}`, { get: operations.of('list') }] as const] : []),
    [collection, { ...operations.all(verbs, inCollection), ...operations.inPath(own) }],
    ...(verbs.includes('get')
      ? [
          [
            `${collection}/{name}`,
            { ...operations.all(verbs, ofOne), ...operations.inPath({ name: true, ...own }) },
          ] as const,
        ]
      : []),
    ...resource.subresources.map(
      (subresource) =>
        [
          `${collection}/{name}/${subresource}`,
          {
            ...operations.all(verbsOfSubresource(subresource), methods, subresource),
            ...operations.inPath({ name: true, ...own }),
          },
        ] as const,
    ),
  ];
}

type Verb = 'create' | 'delete' | 'deletecollection' | 'get' | 'list' | 'patch' | 'update';
type Methods = Partial<Readonly<Record<Verb, string>>>;

const inCollection: Methods = { list: 'get', create: 'post', deletecollection: 'delete' };
const ofOne: Methods = { get: 'get', update: 'put', patch: 'patch', delete: 'delete' };
const methods: Methods = { ...ofOne, create: 'post' };

/** As `x-kubernetes-action` says it. */
const actions: Readonly<Record<Verb, string>> = {
  ...{ create: 'post', delete: 'delete', deletecollection: 'deletecollection', get: 'get', list: 'list' },
  ...{ patch: 'patch', update: 'put' },
};

const written = ['dryRun', 'fieldManager', 'fieldValidation'];
const selected = ['continue', 'fieldSelector', 'labelSelector', 'resourceVersion', 'resourceVersionMatch'];
const asked: Readonly<Record<Verb, readonly string[]>> = {
  ...{ create: written, update: written, patch: written, get: [] },
  ...{ list: selected, deletecollection: [...selected, 'dryRun', 'propagationPolicy'] },
  delete: ['dryRun', 'propagationPolicy'],
};

const jsonTypes = ['application/json', 'application/yaml'];
const mergePatches = ['application/json-patch+json', 'application/merge-patch+json'];

class Operations {
  readonly #resource: Resource;
  readonly #dialect: Dialect;
  readonly #schemas: Schemas;

  constructor(resource: Resource, dialect: Dialect, schemas: Schemas) {
    this.#resource = resource;
    this.#dialect = dialect;
    this.#schemas = schemas;
  }

  /** By method. */
  all(verbs: readonly string[], by: Methods, subresource?: Subresource): JsonObject {
    return Object.fromEntries(
      (Object.keys(by) as Verb[])
        .filter((verb) => verbs.includes(verb))
        .map((verb): [string, Json] => [by[verb] ?? '', this.of(verb, subresource)]),
    );
  }

  of(verb: Verb, subresource?: Subresource): JsonObject {
    const { group, version, kind } =
      subresource === undefined ? this.#resource : shownKindOf(this.#resource, subresource);
    const body = this.#body(verb, subresource);
    return this.#dialect.operation({
      common: {
        'x-kubernetes-action': actions[verb],
        'x-kubernetes-group-version-kind': { group, kind, version },
      },
      parameters: [
        ...asked[verb].map((name) => this.#dialect.parameter(name, 'query')),
        ...(verb === 'patch' ? [this.#dialect.parameter('force', 'query', 'boolean')] : []),
        ...(verb === 'list'
          ? [
              ...['limit', 'timeoutSeconds'].map((name) => this.#dialect.parameter(name, 'query', 'integer')),
              ...['allowWatchBookmarks', 'sendInitialEvents', 'watch'].map((name) =>
                this.#dialect.parameter(name, 'query', 'boolean'),
              ),
            ]
          : []),
      ],
      ...(body && { body }),
      ...{ answer: this.#answer(verb, subresource), answerTypes: this.#types() },
    });
  }

  /** The parts of a path that are no words. */
  inPath(parts: Readonly<Record<string, boolean>>): JsonObject {
    const names = Object.keys(parts);
    if (names.length === 0) return {};
    return { parameters: names.map((name) => this.#dialect.parameter(name, 'path')) };
  }

  #body(verb: Verb, subresource?: Subresource) {
    switch (verb) {
      case 'create':
      case 'update':
        return { schema: this.#kind(subresource), types: this.#types() };
      case 'patch':
        return { schema: this.#schemas.ofMeta('Patch'), types: this.#patchTypes() };
      case 'delete':
      case 'deletecollection': {
        const kinds = optionsKinds([this.#resource]);
        return { schema: this.#schemas.ofMeta('DeleteOptions', kinds), types: this.#types() };
      }
      default:
        return undefined;
    }
  }

  #answer(verb: Verb, subresource?: Subresource): JsonObject {
    if (verb === 'list') return this.#schemas.ofList(this.#resource);
    if (verb !== 'delete' && verb !== 'deletecollection') return this.#kind(subresource);
    return this.#schemas.ofMeta('Status', [{ group: '', version: 'v1', kind: 'Status' }]);
  }

  #kind(subresource?: Subresource): JsonObject {
    return this.#schemas.ofKind(kindOfSubresource(subresource) ?? this.#resource);
  }

  #types(): readonly string[] {
    return this.#resource.custom === undefined
      ? [...jsonTypes, 'application/vnd.kubernetes.protobuf']
      : jsonTypes;
  }

  #patchTypes(): readonly string[] {
    return [
      ...mergePatches,
      ...(this.#resource.custom === undefined ? ['application/strategic-merge-patch+json'] : []),
      'application/apply-patch+yaml',
    ];
  }
}
