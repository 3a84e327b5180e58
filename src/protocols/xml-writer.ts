import type { NormalizedSchema } from '@smithy/core/schema';
import { isRecord } from './record.ts';
import { compileOnce, membersOf, unsupportedSchema, wrongType } from './schema.ts';
import { isScalar, textWriter } from './text-values.ts';

/** Writes a member as its element or, where a list is flattened, its elements. */
export type XmlWriter = (tag: string, value: unknown) => string;

/** Writes the members of a structure, without an element around them. */
export type XmlMembersWriter = (value: unknown) => string;

/**
 * Writes the answers of the query protocols. A list is `<Name><member>...` (`item` in EC2's schemas) or, where
 * it is flattened, the element again and again; a map is `<entry><key/><value/></entry>`.
 */
export const xmlMembersWriter: (structure: NormalizedSchema) => XmlMembersWriter = compileOnce(
  (structure): XmlMembersWriter => {
    let members:
      | readonly { readonly name: string; readonly tag: string; readonly write: XmlWriter }[]
      | undefined;

    const compileMembers = () =>
      membersOf(structure).map(({ name, schema }) => ({
        name,
        tag: tagOf(name, schema),
        write: xmlWriter(schema),
      }));

    return (value) => {
      if (!isRecord(value)) throw wrongType(structure, value);
      members ??= compileMembers();
      let text = '';
      for (const member of members) {
        const item = value[member.name];
        if (item !== undefined && item !== null) text += member.write(member.tag, item);
      }
      return text;
    };
  },
);

/** Writes one member, under its own name. */
export function xmlMemberWriter(name: string, schema: NormalizedSchema): XmlMembersWriter {
  const tag = tagOf(name, schema);
  const write = xmlWriter(schema);
  return (value) => write(tag, value);
}

/** The member's own name only: what its target is called elsewhere does not count. */
function tagOf(name: string, schema: NormalizedSchema): string {
  return schema.getMemberTraits().xmlName ?? name;
}

function xmlWriter(schema: NormalizedSchema): XmlWriter {
  if (schema.isStructSchema()) {
    const write = xmlMembersWriter(schema);
    return (tag, value) => element(tag, write(value));
  }
  if (schema.isListSchema()) return listWriter(schema);
  if (schema.isMapSchema()) return mapWriter(schema);
  if (isScalar(schema)) {
    const write = textWriter(schema, 'date-time');
    return (tag, value) => element(tag, escapeXml(write(value)));
  }
  throw unsupportedSchema(schema);
}

function listWriter(schema: NormalizedSchema): XmlWriter {
  const write = xmlWriter(schema.getValueSchema());
  const isFlat = Boolean(schema.getMergedTraits().xmlFlattened);
  const itemTag = schema.getValueSchema().getMergedTraits().xmlName ?? 'member';
  return (tag, value) => {
    if (!Array.isArray(value)) throw wrongType(schema, value);
    const items = value.map((item) => write(isFlat ? tag : itemTag, item)).join('');
    return isFlat ? items : element(tag, items);
  };
}

function mapWriter(schema: NormalizedSchema): XmlWriter {
  const write = xmlWriter(schema.getValueSchema());
  const isFlat = Boolean(schema.getMergedTraits().xmlFlattened);
  const keyTag = schema.getKeySchema().getMergedTraits().xmlName ?? 'key';
  const valueTag = schema.getValueSchema().getMergedTraits().xmlName ?? 'value';
  return (tag, value) => {
    if (!isRecord(value)) throw wrongType(schema, value);
    const entries = Object.entries(value)
      .filter(([, item]) => item !== undefined && item !== null)
      .map(([key, item]) =>
        element(isFlat ? tag : 'entry', element(keyTag, escapeXml(key)) + write(valueTag, item)),
      )
      .join('');
    return isFlat ? entries : element(tag, entries);
  };
}

export function element(tag: string, content: string): string {
  return content === '' ? `<${tag}/>` : `<${tag}>${content}</${tag}>`;
}

const plainText = /^[\w .:/@=+,;()[\]{}'!#$%*?|~-]*$/;
const unsafe = /[&<>"\ufffe\uffff]|(?![\t\n\u007f-\u009f])\p{Cc}/gu;

/**
 * XML 1.0 can't carry most control characters, not even escaped: they become U+FFFD, so that the answer stays
 * one that every parser reads. A carriage return is escaped, because parsers turn a bare one into a newline.
 */
export function escapeXml(text: string): string {
  if (plainText.test(text)) return text;
  return text.toWellFormed().replace(unsafe, replacement);
}

function replacement(character: string): string {
  switch (character) {
    case '&':
      return '&amp;';
    case '<':
      return '&lt;';
    case '>':
      return '&gt;';
    case '"':
      return '&quot;';
    case '\r':
      return '&#xD;';
    default:
      return '\ufffd';
  }
}
