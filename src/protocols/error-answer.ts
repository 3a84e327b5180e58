import type { Refusal } from './refusal.ts';
import type { Member } from './schema.ts';
import { membersOf } from './schema.ts';
import type { ServiceModel } from './service-model.ts';

/** A refusal, completed by what the service's model says about its code. */
export interface ErrorAnswer {
  readonly status: number;
  /** The error's name in the model, which the JSON and CBOR protocols send. */
  readonly name: string;
  /** What the query protocols send for it. */
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
      name: refusal.code,
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
    name: error.name,
    code: error.code,
    fault: error.fault,
    messageName: modelled.find(isMessage)?.name ?? 'message',
    message: refusal.message,
    members: modelled
      .filter((member) => !isMessage(member) && refusal.members[member.name] !== undefined)
      .map((member) => ({ ...member, value: refusal.members[member.name] })),
  };
}

/** Tells clients of a service that once spoke awsQuery under which code they knew the error. */
export function queryErrorHeader({ code, fault }: ErrorAnswer, model: ServiceModel): Record<string, string> {
  if (!model.isQueryCompatible) return {};
  return { 'x-amzn-query-error': `${code};${fault === 'client' ? 'Sender' : 'Receiver'}` };
}
