import { createAwsJsonCodec } from './aws-json.ts';
import { createQueryCodec } from './aws-query.ts';
import { answeringJson } from './aws-query-json.ts';
import type { Codec } from './codec.ts';
import { createRestJsonCodec } from './rest-json.ts';
import type { ServiceModel } from './service-model.ts';
import type { ServiceRules } from './service-rules.ts';
import { header, type WireRequest } from './wire.ts';

/** The codec that a request is written in. */
export type CodecChoice = (request: Pick<WireRequest, 'headers'>) => Codec;

/**
 * The codecs of a service: one, in the protocol that its SDK client speaks; for a service that once spoke
 * awsQuery, also those of its older clients and of those that chose CBOR; for those that speak it and answer in JSON on
 * demand, that.
 */
export async function createCodecs(model: ServiceModel, rules: ServiceRules): Promise<CodecChoice> {
  const own = createCodec(model, rules);
  if (rules.answersJson) {
    const json = answeringJson(own, rules);
    return (request) => (header(request, 'accept')?.includes('application/json') ? json : own);
  }
  if (!model.isQueryCompatible) return () => own;
  const { createRpcV2CborCodec } = await import('./rpc-v2-cbor.ts');
  const cbor = createRpcV2CborCodec({ ...model, protocol: 'rpcV2Cbor' }, rules);
  const query = createQueryCodec({ ...model, protocol: 'awsQuery' }, rules);
  return (request) => {
    if (header(request, 'smithy-protocol')?.toLowerCase() === 'rpc-v2-cbor') return cbor;
    return header(request, 'x-amz-target') === undefined ? query : own;
  };
}

/** The codec of a service, in the protocol that its SDK client speaks. */
export function createCodec(model: ServiceModel, rules: ServiceRules): Codec {
  switch (model.protocol) {
    case 'awsJson1_0':
    case 'awsJson1_1':
      return createAwsJsonCodec(model, rules);
    case 'restJson1':
      return createRestJsonCodec(model, rules);
    case 'awsQuery':
    case 'ec2Query':
      return createQueryCodec(model, rules);
    case 'rpcV2Cbor':
      throw new Error('No SDK client is read that speaks rpc-v2-cbor by default');
  }
}
