import type { NormalizedSchema } from '@smithy/core/schema';
import fc from 'fast-check';
import { membersOf } from '../schema.ts';

/** Which values an encoding can carry. */
export interface Carrier {
  /** `xml` text has no control characters, and clients drop text of nothing but whitespace with a newline. */
  readonly text: 'unicode' | 'xml';
  /** The query protocols can't say "an empty structure" or "an empty map". */
  readonly hasEmptyStructures: boolean;
  /** ec2Query can't say "an empty list". */
  readonly hasEmptyLists: boolean;
  /** The SDK's CBOR reader loses a map's key `__proto__`. Default true. */
  readonly hasProtoKeys?: boolean;
  /** The numbers that need not be whole, as `Structure.member`. Absent: none need be. */
  readonly decimals?: ReadonlySet<string> | undefined;
}

/**
 * A value of the schema: required members always, the others now and then and less often further down. Tokens
 * that clients fill in by themselves are always there.
 */
export function arbitraryValue(schema: NormalizedSchema, carrier: Carrier): fc.Arbitrary<unknown> {
  return fc.gen().map((pick) => anyOf(schema, new Choice(pick, carrier), 0));
}

class Choice {
  readonly pick: fc.GeneratorValue;
  readonly carrier: Carrier;
  constructor(pick: fc.GeneratorValue, carrier: Carrier) {
    this.pick = pick;
    this.carrier = carrier;
  }

  oneIn(count: number): boolean {
    return this.pick(fc.nat, { max: count - 1 }) === 0;
  }

  upTo(max: number): number {
    return this.pick(fc.nat, { max });
  }
}

/** Below this depth only what is required is made. */
const optionalDepth = 3;

function anyOf(schema: NormalizedSchema, choice: Choice, depth: number): unknown {
  if (depth > 20) throw new Error(`The schema of ${schema.getName(true)} has no end of required members`);
  if (schema.isStructSchema()) return structureOf(schema, choice, depth);
  if (schema.isListSchema()) {
    const item = schema.getValueSchema();
    // A list in the query of a URL is its name again and again: none is absent.
    const mayBeEmpty = choice.carrier.hasEmptyLists && schema.getMemberTraits().httpQuery === undefined;
    return Array.from({ length: lengthOf(choice, depth, mayBeEmpty) }, () => anyOf(item, choice, depth + 1));
  }
  if (schema.isMapSchema()) {
    const item = schema.getValueSchema();
    const length = lengthOf(choice, depth, choice.carrier.hasEmptyStructures);
    const entries = Array.from({ length }, () => [textOf(choice), anyOf(item, choice, depth + 1)] as const);
    const { hasProtoKeys = true } = choice.carrier;
    return Object.fromEntries(entries.filter(([key]) => hasProtoKeys || key !== '__proto__'));
  }
  return scalarOf(schema, choice);
}

function lengthOf(choice: Choice, depth: number, mayBeEmpty: boolean): number {
  const length = depth > optionalDepth ? 0 : choice.upTo(depth === 0 ? 3 : 2);
  return mayBeEmpty ? length : Math.max(1, length);
}

function structureOf(schema: NormalizedSchema, choice: Choice, depth: number): Record<string, unknown> {
  const members = membersOf(schema).filter((member) => !member.schema.isStreaming());
  const result: Record<string, unknown> = {};
  if (schema.isUnionSchema()) {
    const sayable = members.filter((each) => choice.carrier.hasEmptyStructures || !isMemberless(each.schema));
    const member = sayable[choice.upTo(sayable.length - 1)];
    if (member !== undefined) result[member.name] = anyOf(member.schema, choice, depth + 1);
    return result;
  }
  for (const { name, schema: member, isRequired } of members) {
    const isWanted = depth < optionalDepth && choice.oneIn(depth + 2);
    if (isRequired || member.isIdempotencyToken() || member.getMergedTraits().httpLabel || isWanted) {
      if (member.getMergedTraits().httpLabel) result[name] = `${textOf(choice)}x`;
      else if (choice.carrier.decimals?.has(`${schema.getName()}.${name}`))
        result[name] = choice.pick(finiteNumber);
      else result[name] = anyOf(member, choice, depth + 1);
    }
  }
  if (!choice.carrier.hasEmptyStructures && depth > 0 && Object.keys(result).length === 0) {
    const simplest = members.find(({ schema: member }) => isSimple(member)) ?? members[0];
    if (simplest !== undefined) result[simplest.name] = anyOf(simplest.schema, choice, depth + 1);
  }
  return result;
}

function isMemberless(schema: NormalizedSchema): boolean {
  return schema.isStructSchema() && membersOf(schema).length === 0;
}

function isSimple(schema: NormalizedSchema): boolean {
  return !schema.isStructSchema() && !schema.isListSchema() && !schema.isMapSchema();
}

function scalarOf(schema: NormalizedSchema, choice: Choice): unknown {
  const { pick } = choice;
  if (schema.isStringSchema()) return textOf(choice);
  if (schema.isNumericSchema())
    return choice.carrier.decimals || choice.oneIn(2) ? pick(fc.integer) : pick(finiteNumber);
  if (schema.isBooleanSchema()) return pick(fc.boolean);
  if (schema.isTimestampSchema())
    return new Date(pick(fc.nat, { max: 4_000_000_000 }) * 1000 + choice.upTo(999));
  if (schema.isBlobSchema()) return pick(fc.uint8Array, { maxLength: 20 });
  if (schema.isDocumentSchema()) return pick(fc.jsonValue, { maxDepth: 2, noNegativeZero: true });
  if (schema.isUnitSchema()) return {};
  throw new Error(`No rule to generate ${schema.getName(true)}`);
}

function finiteNumber(): fc.Arbitrary<number> {
  // Clients turn whole numbers beyond this into bigints.
  const max = Number.MAX_SAFE_INTEGER;
  return fc.double({ noNaN: true, min: -max, max }).map((value) => value + 0);
}

function textOf(choice: Choice): string {
  return choice.pick(choice.carrier.text === 'xml' ? xmlText : unicodeText);
}

function unicodeText(): fc.Arbitrary<string> {
  return fc.oneof(
    fc.string({ unit: 'binary', maxLength: 10 }),
    fc.constantFrom('', '__proto__', 'constructor', 'a b+c&d=e%20f/g?h', '{"a":1}', ' '),
  );
}

function xmlText(): fc.Arbitrary<string> {
  const unit = fc.oneof(
    { weight: 8, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }) },
    fc.constantFrom('\t', '\r', '\n', '<', '&', ']]>'),
  );
  return fc
    .string({ unit, maxLength: 10 })
    .map((text) => (text.trim() === '' && text.includes('\n') ? `${text}.` : text));
}
