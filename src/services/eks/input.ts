import { hash } from 'node:crypto';
import { Constraints } from '../constraints.ts';
import { maxTags } from '../tag-list.ts';
import { badRequest, invalidParameter } from './errors.ts';
import type { MadeBy, Tags } from './records.ts';

export const constraints = (): Constraints => new Constraints(invalidParameter);

/** @param refuse InvalidParameterException of CreateCluster, BadRequestException of TagResource. */
export function readTags(
  tags: Readonly<Record<string, string>> | undefined = {},
  refuse: (message: string) => Error = badRequest,
): Tags {
  const entries = Object.entries(tags);
  if (entries.length > maxTags) throw refuse(`A resource can have at most ${maxTags} tags`);
  for (const [key, value] of entries) {
    if (key.length < 1 || key.length > 128)
      throw refuse(`Tag keys have 1 to 128 characters: ${key.slice(0, 140)}`);
    if (value.length > 256) throw refuse(`Tag values have at most 256 characters: the one of ${key}`);
    if (/^aws:/i.test(key)) throw refuse('aws: prefixed tag key names are not allowed for external use.');
  }
  return tags;
}

interface Repeatable {
  readonly clientRequestToken?: string | undefined;
}

/** What a request is known by when it comes again; undefined: it has no token. */
export function madeBy({ clientRequestToken: token, ...asked }: Repeatable): MadeBy | undefined {
  return token === undefined ? undefined : { token, hash: hash('sha256', JSON.stringify(asked), 'hex') };
}

/** Whether what is there was made by the same request, which then has its answer. */
export const isRepeat = (present: MadeBy | undefined, asked: MadeBy | undefined): boolean =>
  asked !== undefined && present?.token === asked.token && present.hash === asked.hash;
