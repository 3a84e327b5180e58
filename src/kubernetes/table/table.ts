import type { Json } from '../../store/index.ts';
import { badRequest } from '../apiserver/status.ts';
import { kept } from '../custom-resources/stored-version.ts';
import type { KubernetesObject } from '../objects/object.ts';
import type { Resource } from '../schema/catalogue.ts';
import type { Column } from './column.ts';
import { columnsOf } from './columns.ts';

/** What of each object goes along with its row. */
export type IncludedObject = 'Metadata' | 'None' | 'Object';

/** @throws {ApiError} 400 */
export function readIncludedObject(query: URLSearchParams): IncludedObject {
  const given = query.get('includeObject') ?? '';
  if (given === '' || given === 'Metadata') return 'Metadata';
  if (given === 'None' || given === 'Object') return given;
  throw badRequest(`unrecognized includeObject value: ${JSON.stringify(given)}`);
}

const metaVersion = 'meta.k8s.io/v1';

/** Objects as the rows of a table. @param metadata Of the list, or of the only object. */
export function tableOf(
  resource: Resource,
  objects: readonly KubernetesObject[],
  metadata: Json,
  {
    included,
    now,
    hasColumns = true,
    columns: own,
  }: {
    readonly included: IncludedObject;
    readonly now: number;
    /** In a watch, only the first event says what the columns are. */
    readonly hasColumns?: boolean;
    /** Of what is no object of the resource itself; default: the resource's. */
    readonly columns?: readonly Column[];
  },
): Json {
  const columns = own ?? columnsOf(resource);
  return {
    ...{ kind: 'Table', apiVersion: metaVersion, metadata },
    columnDefinitions: hasColumns ? columns.map(definitionOf) : null,
    rows: objects.map((object) => ({
      cells: own?.map(({ cell }) => cell(object, now)) ?? cellsOf(resource, object, columns, now),
      ...(included !== 'None' && {
        object: (included === 'Object' ? object : partialOf(object)) as unknown as Json,
      }),
    })),
  };
}

/** The metadata alone. */
export const partialOf = ({ metadata }: KubernetesObject): Json => ({
  ...{ kind: 'PartialObjectMetadata', apiVersion: metaVersion },
  metadata: metadata as unknown as Json,
});

export const partialListOf = (objects: readonly KubernetesObject[], metadata: Json): Json => ({
  ...{ kind: 'PartialObjectMetadataList', apiVersion: metaVersion, metadata },
  items: objects.map(partialOf),
});

/** What a kind's columns show of it stands where it stands in the version that is kept. */
function cellsOf(
  resource: Resource,
  object: KubernetesObject,
  columns: readonly Column[],
  now: number,
): readonly Json[] {
  const stored = resource.storedAs === undefined ? object : kept(resource, object);
  return columns.map(({ cell }) => cell(stored, now));
}

function definitionOf({ name, type, isWide, ...own }: Column): Json {
  const format = own.format ?? (name === 'Name' ? 'name' : '');
  return {
    name,
    type,
    format,
    description: own.description ?? '',
    priority: own.priority ?? (isWide ? 1 : 0),
  };
}
