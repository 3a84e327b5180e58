import type { Reader } from '../../../reconcile/index.ts';
import { ascending } from '../../pages.ts';
import { notFound, readId } from '../ids.ts';
import { idOfKey, type Kind } from '../kinds.ts';
import { ec2Key, ec2Prefix, type Scope, type Tags } from '../records.ts';
import { type FilterInput, type FilterTable, readFilters } from './filters.ts';
import { type PageInput, pageOf } from './pages.ts';

export interface DescribeInput extends PageInput {
  readonly Filters?: FilterInput;
}

/** The ids that a request names, and how AWS calls them. */
export interface AskedIds {
  readonly ids: readonly string[] | undefined;
  /** In messages about a combination, e.g. `vpcIds`. */
  readonly name: string;
  /** In messages about one that is missing, e.g. `VpcId`. */
  readonly parameter: string;
}

/**
 * The records of a kind that a `Describe…` asks for, in the order of their ids: those named, else all, that pass its
 * filters; of them one page.
 * @throws the kind's `.Malformed` and `.NotFound` for an id, and what filters and pages refuse.
 */
export function describeRecords<T extends { readonly tags: Tags }>(
  reader: Reader,
  scope: Scope,
  kind: Kind<T>,
  filters: FilterTable<T>,
  { ids, name, parameter }: AskedIds,
  input: DescribeInput,
): { readonly items: readonly T[]; readonly nextToken?: string } {
  const isWanted = readFilters(input.Filters, filters, ({ tags }: T) => tags);
  const isNamed = ids !== undefined && ids.length > 0;
  const candidates = isNamed
    ? [...new Set(ids)].sort(ascending).map((text) => {
        const id = readId(kind, text, `${parameter}.1`);
        const record = reader.get(kind.collection, ec2Key(kind.collection, scope, id));
        if (record === undefined) throw notFound(kind, id);
        return { id, record };
      })
    : Array.from(reader.list(kind.collection, ec2Prefix(kind.collection, scope)), ({ key, value }) => ({
        id: idOfKey(key),
        record: value,
      }));
  const found = candidates.filter(({ record }) => isWanted(record));
  const { items, nextToken } = pageOf(found, ({ id }) => id, input, isNamed ? name : undefined);
  return { items: items.map(({ record }) => record), ...(nextToken !== undefined && { nextToken }) };
}
