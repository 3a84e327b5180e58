import { createAwsJsonCodec } from './aws-json.ts';
import { createQueryCodec } from './aws-query.ts';
import type { Codec } from './codec.ts';
import { createRestJsonCodec } from './rest-json.ts';
import type { ServiceModel } from './service-model.ts';
import type { ServiceRules } from './service-rules.ts';

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
  }
}
