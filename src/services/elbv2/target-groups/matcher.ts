import type { Matcher } from '@aws-sdk/client-elastic-load-balancing-v2';
import { shown, validationError } from '../errors.ts';
import type { TargetGroupRecord } from '../records.ts';
import { isHttp } from './group-attributes.ts';

/** From one code to another, both included. */
export interface Codes {
  readonly from: number;
  readonly to: number;
}

type Group = Pick<TargetGroupRecord, 'protocol' | 'protocolVersion'>;

/**
 * The codes that say that a target is well, as a request gives them: `200`, `200,202`, `200-299`.
 * @returns undefined: the request gives none. @throws ValidationError
 */
export function readMatcher(group: Group, given: Matcher | undefined): string | undefined {
  if (given === undefined) return undefined;
  const isGrpc = group.protocolVersion === 'GRPC';
  const { HttpCode, GrpcCode } = given;
  if (isGrpc ? HttpCode !== undefined : GrpcCode !== undefined) {
    throw validationError(
      `${isGrpc ? 'HttpCode' : 'GrpcCode'} cannot be specified for target groups with protocol version ` +
        `'${group.protocolVersion ?? 'none'}'`,
    );
  }
  const text = isGrpc ? GrpcCode : HttpCode;
  if (text === undefined) throw validationError('A matcher must be specified');
  const [min, max] = isGrpc ? [0, 99] : [200, isHttp(group) ? 499 : 599];
  const codes = parseCodes(text);
  const isFine = codes?.every(({ from, to }) => from >= min && from <= to && to <= max) === true;
  if (isFine) return text;
  const [name, example] = isGrpc ? ['GrpcCode', '0 | 0-5 | 0,1'] : ['HttpCode', '200 | 200-399 | 200,201'];
  throw validationError(
    `${name} '${shown(text)}' must be like ${example}, with values between '${min}' and '${max}'`,
  );
}

/** Undefined: the text is no list of codes and ranges. */
export function parseCodes(text: string): readonly Codes[] | undefined {
  const codes: Codes[] = [];
  for (const part of text.split(',')) {
    const found = /^ *(\d{1,3})(?:-(\d{1,3}))? *$/.exec(part);
    if (found === null) return undefined;
    const from = Number(found[1]);
    codes.push({ from, to: found[2] === undefined ? from : Number(found[2]) });
  }
  return codes;
}
