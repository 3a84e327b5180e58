import type { Codec } from './codec.ts';
import { errorAnswer } from './error-answer.ts';
import type { JsonDialect } from './json-reader.ts';
import { jsonWriters } from './json-writer.ts';
import type { ServiceRules } from './service-rules.ts';

/** awsQuery as it is asked, with answers in JSON: what stands in elements of XML stands in members of the same names. */
export function answeringJson(query: Codec, rules: ServiceRules): Codec {
  const { model } = query;
  const dialect: JsonDialect = { usesJsonName: false, isInBody: () => true, decimals: rules.decimals };
  const writer = jsonWriters(dialect);
  const headers = { 'content-type': 'application/json' };
  return {
    model,
    open: (request) => query.open(request),

    writeOutput({ name, output: schema }, output, requestId) {
      const result = schema.isUnitSchema() ? '' : `"${name}Result":${writer(schema)(output ?? {})},`;
      const metadata = `"ResponseMetadata":${JSON.stringify({ RequestId: requestId })}`;
      return { status: 200, headers, body: `{"${name}Response":{${result}${metadata}}}` };
    },

    writeRefusal(refusal, requestId) {
      const { status, fault, code, message, members } = errorAnswer(refusal, model);
      const further = members.map(({ name, schema, value }) => [name, JSON.parse(writer(schema)(value))]);
      const error = {
        Type: fault === 'client' ? 'Sender' : 'Receiver',
        ...{ Code: code, Message: message },
        ...Object.fromEntries(further),
      };
      return { status, headers, body: JSON.stringify({ Error: error, RequestId: requestId }) };
    },
  };
}
