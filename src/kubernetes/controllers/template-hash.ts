import { jsonEqual } from '../../store/index.ts';
import type { PodTemplate } from './objects.ts';

export const templateHashLabel = 'pod-template-hash';

const safeLetters = 'bcdfghjklmnpqrstvwxz2456789';

/**
 * What names are made of: the hash of some JSON, as FNV-1a of 32 bits, its decimal digits written in letters that make no
 * words. The same content has the same hash whatever the order of its members.
 * @param collisions How often that hash was another's already.
 */
export function contentHash(content: object, collisions: number | undefined): string {
  let hash = 0x811c9dc5;
  const add = (byte: number): void => {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  };
  for (const byte of Buffer.from(canonical(content))) add(byte);
  if (collisions !== undefined)
    for (let at = 0; at < 8; at++) add(Math.floor(collisions / 2 ** (8 * at)) & 0xff);
  return [...String(hash)].map((digit) => safeLetters[digit.charCodeAt(0) % safeLetters.length]).join('');
}

/** JSON with the members of objects in order. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .toSorted(([one], [other]) => (one < other ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(',')}}`;
}

/** Whether pods of both are the same, whatever hash they are labelled with. */
export const isSameTemplate = (one: PodTemplate, other: PodTemplate): boolean =>
  jsonEqual(withoutHash(one) as never, withoutHash(other) as never);

function withoutHash(template: PodTemplate): object {
  const { [templateHashLabel]: _, ...labels } = template.metadata?.labels ?? {};
  return { ...template, metadata: { ...template.metadata, labels } };
}
