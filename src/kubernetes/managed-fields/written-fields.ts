import type { Resource } from '../schema/catalogue.ts';
import { type FieldSet, leaf, without } from './field-set.ts';

/** Those of some fields that an endpoint of a resource writes. */
export type WrittenOf = (fields: FieldSet) => FieldSet;

const status: FieldSet = { 'f:status': leaf };
const statusAndSpec: FieldSet = { 'f:status': leaf, 'f:spec': leaf };

/** What each endpoint writes: `write.ts` leaves the rest as it is. @param subresource Undefined: the object's own. */
export function writtenThrough(
  { group, name, subresources }: Pick<Resource, 'group' | 'name' | 'subresources'>,
  subresource: string | undefined,
): WrittenOf {
  switch (subresource) {
    case 'status':
      return ofStatus;
    case 'scale':
    case 'finalize':
      return all;
    default:
      if (!subresources.includes('status')) return all;
      // The API server alone says what a namespace waits for.
      return group === '' && name === 'namespaces' ? withoutStatusAndSpec : withoutStatus;
  }
}

const all: WrittenOf = (fields) => fields;
const withoutStatus: WrittenOf = (fields) => without(fields, status);
const withoutStatusAndSpec: WrittenOf = (fields) => without(fields, statusAndSpec);

const ofStatus: WrittenOf = (fields) => {
  const own: Record<string, FieldSet> = {};
  if (fields['f:status'] !== undefined) own['f:status'] = fields['f:status'];
  const metadata: Record<string, FieldSet> = {};
  for (const member of ['f:labels', 'f:annotations'] as const) {
    const node = fields['f:metadata']?.[member];
    if (node !== undefined) metadata[member] = node;
  }
  return Object.keys(metadata).length === 0 ? own : { ...own, 'f:metadata': metadata };
};
