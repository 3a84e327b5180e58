import type { Annotations } from './annotations.ts';
import type { WantedListener } from './model.ts';

const beginning = 'listener-attributes.';

/** Listeners with what `listener-attributes.<protocol>-<port>` says of them. @throws {ModelError} of one that is not there. */
export function withAttributes(
  annotations: Annotations,
  listeners: readonly Omit<WantedListener, 'attributes'>[],
): readonly WantedListener[] {
  const nameOf = ({ protocol, port }: Pick<WantedListener, 'protocol' | 'port'>): string =>
    `${beginning}${protocol}-${port}`;
  const names = listeners.map(nameOf);
  for (const name of annotations.namesBeginning(beginning))
    if (!names.includes(name)) throw annotations.invalid(name, 'there is no such listener');
  return listeners.map((listener) => ({ ...listener, attributes: annotations.pairs(nameOf(listener)) }));
}
