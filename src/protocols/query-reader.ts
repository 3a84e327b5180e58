import type { NormalizedSchema } from '@smithy/core/schema';
import type { ParameterNode } from './query-parameters.ts';
import { setOwn } from './record.ts';
import { compileOnce, membersOf, unsupportedSchema } from './schema.ts';
import { isScalar, textReader } from './text-values.ts';
import { descend, mismatch, type Reading, Unreadable } from './unreadable.ts';

/** Converts one node of the parameters' tree. */
export type QueryReader = (node: ParameterNode, reading: Reading) => unknown;

export interface QueryDialect {
  /** ec2Query: names are `ec2QueryName` or capitalised, lists are always flat, and unknown names are refused. */
  readonly isEc2: boolean;
}

/**
 * Makes the readers of the query protocols. A list is `Name.member.N` (`member` may have another name), or
 * `Name.N` where it is flat; a map is `Name.entry.N.key` and `.value`; an empty list is `Name=`.
 */
export function queryReaders({ isEc2 }: QueryDialect): (schema: NormalizedSchema) => QueryReader {
  const structureReader = compileOnce((structure): QueryReader => {
    let members: Map<string, { readonly name: string; readonly read: QueryReader }> | undefined;
    let required: readonly string[] = [];
    const isUnion = structure.isUnionSchema();

    const compileMembers = () => {
      const all = membersOf(structure);
      required = all.filter((member) => member.isRequired).map((member) => member.name);
      return new Map(
        all.map(({ name, schema }) => [queryName(name, schema, isEc2), { name, read: compile(schema) }]),
      );
    };

    return (node, reading) => {
      if (node.value !== undefined && node.value !== '') throw new Unreadable('Unexpected field type');
      members ??= compileMembers();
      descend(reading);
      const result: Record<string, unknown> = {};
      let count = 0;
      for (const [key, child] of node.children) {
        const member = members.get(key);
        if (member !== undefined) {
          result[member.name] = member.read(child, reading);
          count += 1;
        } else if (isEc2) {
          throw new Unreadable(`The parameter ${child.path} is not recognized`, 'unknown-parameter');
        }
      }
      if (isUnion && count !== 1) throw new Unreadable(`Exactly one member of ${node.path} must be set`);
      for (const name of required) {
        if (result[name] === undefined) reading.lacksRequired = true;
      }
      reading.depth -= 1;
      return result;
    };
  });

  const compile = (schema: NormalizedSchema): QueryReader => {
    if (isScalar(schema)) return scalarReader(schema);
    if (schema.isStructSchema()) return structureReader(schema);
    if (schema.isListSchema()) return listReader(schema);
    if (schema.isMapSchema()) return mapReader(schema);
    if (schema.isUnitSchema()) return () => ({});
    throw unsupportedSchema(schema);
  };

  const listReader = (schema: NormalizedSchema): QueryReader => {
    const element = schema.getValueSchema();
    const read = compile(element);
    const isFlat = isEc2 || Boolean(schema.getMergedTraits().xmlFlattened);
    const elementName = element.getMergedTraits().xmlName ?? 'member';
    return (node, reading) => {
      if (isEmpty(node)) return [];
      const items = isFlat ? node : node.children.get(elementName);
      if (items === undefined || node.value !== undefined) throw new Unreadable('Unexpected field type');
      descend(reading);
      const list = numbered(items).map((item) => read(item, reading));
      reading.depth -= 1;
      return list;
    };
  };

  const mapReader = (schema: NormalizedSchema): QueryReader => {
    const read = compile(schema.getValueSchema());
    const isFlat = Boolean(schema.getMergedTraits().xmlFlattened);
    const keyName = schema.getKeySchema().getMergedTraits().xmlName ?? 'key';
    const valueName = schema.getValueSchema().getMergedTraits().xmlName ?? 'value';
    return (node, reading) => {
      if (isEmpty(node)) return {};
      const entries = isFlat ? node : node.children.get('entry');
      if (entries === undefined || node.value !== undefined) throw new Unreadable('Unexpected field type');
      descend(reading);
      const map: Record<string, unknown> = {};
      for (const entry of numbered(entries)) {
        const key = entry.children.get(keyName)?.value;
        const value = entry.children.get(valueName);
        if (key === undefined) throw new Unreadable(`${entry.path} has no ${keyName}`);
        if (value !== undefined) setOwn(map, key, read(value, reading));
      }
      reading.depth -= 1;
      return map;
    };
  };

  return compile;
}

/** The name under which a member stands in a request. */
function queryName(name: string, schema: NormalizedSchema, isEc2: boolean): string {
  const { ec2QueryName, xmlName } = schema.getMergedTraits();
  if (!isEc2) return xmlName ?? name;
  if (typeof ec2QueryName === 'string') return ec2QueryName;
  const key = xmlName ?? name;
  return key.charAt(0).toUpperCase() + key.slice(1);
}

function scalarReader(schema: NormalizedSchema): QueryReader {
  const read = textReader(schema, 'date-time');
  return ({ path, value }) => {
    if (value === undefined) throw mismatch({}, '');
    try {
      return read(value);
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      throw new Unreadable(`Value (${value}) for parameter ${path} is invalid. ${error.message}`);
    }
  };
}

function isEmpty(node: ParameterNode): boolean {
  return node.children.size === 0 && (node.value === undefined || node.value === '');
}

/** The children in the order of their numbers; AWS numbers from 1 and does not mind gaps. */
function numbered(node: ParameterNode): ParameterNode[] {
  const items: { readonly index: number; readonly item: ParameterNode }[] = [];
  for (const [key, item] of node.children) {
    if (!/^\d{1,6}$/.test(key)) throw new Unreadable(`${item.path} is not an element of a list`);
    items.push({ index: Number(key), item });
  }
  return items.sort((a, b) => a.index - b.index).map(({ item }) => item);
}
