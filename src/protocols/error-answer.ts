import type { Refusal } from './refusal.ts';
import type { Member } from './schema.ts';
import { membersOf } from './schema.ts';
import type { ServiceModel } from './service-model.ts';

/** A refusal, completed by what the service's model says about its code. */
export interface ErrorAnswer {
  readonly status: number;
  /** As it stands on the wire. */
  readonly code: string;
  readonly fault: 'client' | 'server';
  /** `message` or `Message`, as the model spells it. */
  readonly messageName: string;
  readonly message: string;
  /** The further members that the refusal brings and the model knows. */
  readonly members: readonly (Member & { readonly value: unknown })[];
}

export function errorAnswer(refusal: Refusal, model: ServiceModel): ErrorAnswer {
  const error = model.errors.get(refusal.code);
  if (error === undefined) {
    const status = refusal.status ?? 400;
    return {
      status,
      code: refusal.code,
      fault: status >= 500 ? 'server' : 'client',
      messageName: 'message',
      message: refusal.message,
      members: [],
    };
  }
  const modelled = membersOf(error.schema);
  const isMessage = (member: Member): boolean => member.name.toLowerCase() === 'message';
  return {
    status: error.status,
    code: error.code,
    fault: error.fault,
    messageName: modelled.find(isMessage)?.name ?? 'message',
    message: refusal.message,
    members: modelled
      .filter((member) => !isMessage(member) && refusal.members[member.name] !== undefined)
      .map((member) => ({ ...member, value: refusal.members[member.name] })),
  };
}
