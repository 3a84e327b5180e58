import type { Collection, Reader } from '../../reconcile/index.ts';
import { Constraints } from './input/constraints.ts';
import { checkName, type NamedType } from './input/names.ts';
import type { Named } from './records.ts';

/** How requests name a type of entity, and where it is found. */
export interface EntityType<Input, Kept extends object> {
  readonly type: NamedType;
  /** As actions end in it, e.g. `Role`. */
  readonly noun: string;
  /** The member that names it, e.g. `roleName`. */
  readonly member: string;
  readonly nameIn: (input: Input) => string | undefined;
  readonly collection: Collection<Kept, string> & Named;
  /** @throws {Refusal} NoSuchEntity. */
  readonly find: (reader: Reader, accountId: string, name: string) => Kept;
}

export function nameConstraints<Input>(
  { type, member, nameIn }: Pick<EntityType<Input, object>, 'type' | 'member' | 'nameIn'>,
  input: Input,
): Constraints {
  return checkName(new Constraints(), member, type, nameIn(input));
}
