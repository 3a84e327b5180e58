import type { Codec, OpenedRequest } from './codec.ts';
import { type ErrorAnswer, errorAnswer } from './error-answer.ts';
import { type ParameterNode, parameter, parseParameters } from './query-parameters.ts';
import { queryReaders } from './query-reader.ts';
import { orRefuse, readInput, refuseStreamed } from './reading-input.ts';
import { Refusal } from './refusal.ts';
import type { OperationModel, ServiceModel } from './service-model.ts';
import type { ServiceRules } from './service-rules.ts';
import type { Unreadable } from './unreadable.ts';
import type { WireAnswer, WireRequest } from './wire.ts';
import { element, escapeXml, xmlMembersWriter, xmlMemberWriter } from './xml-writer.ts';

/**
 * query and ec2Query: `Action`, `Version` and the input as form parameters, in the body of a POST or the query
 * of a GET; answers in XML. EC2 differs in how it names parameters, in the frame of its answers, and in
 * refusing what it does not know.
 */
export function createQueryCodec(model: ServiceModel, rules: ServiceRules): Codec {
  const isEc2 = model.protocol === 'ec2Query';
  const reader = queryReaders({ isEc2 });
  const headers = { 'content-type': 'text/xml;charset=UTF-8' };
  const xmlns = ` xmlns="${escapeXml(model.xmlNamespace)}"`;
  const refuseUnreadable = isEc2 ? refuseUnreadableInEc2 : malformedInput;

  return {
    model,

    open(request: WireRequest): OpenedRequest {
      const form = request.body.length > 0 ? request.body.toString('utf8') : request.query;
      const parameters = orRefuse(() => parseParameters(form), refuseUnreadable);
      const operation = operationOf(parameters, model);
      refuseStreamed(operation, rules);
      return {
        operation,
        readInput: () =>
          readInput(operation, rules, refuseUnreadable, (reading) =>
            reader(operation.input)(withoutRequestParameters(parameters), reading),
          ),
      };
    },

    writeOutput(operation: OperationModel, output: unknown, requestId: string): WireAnswer {
      const members = xmlMembersWriter(operation.output)(output ?? {});
      const id = escapeXml(requestId);
      const content = isEc2
        ? `<requestId>${id}</requestId>${members}`
        : (operation.output.isUnitSchema() ? '' : element(`${operation.name}Result`, members)) +
          `<ResponseMetadata><RequestId>${id}</RequestId></ResponseMetadata>`;
      return { status: 200, headers, body: frame(`${operation.name}Response`, xmlns, content) };
    },

    writeRefusal(refusal: Refusal, requestId: string): WireAnswer {
      const answer = errorAnswer(refusal, model);
      const id = escapeXml(requestId);
      const body = isEc2
        ? frame('Response', '', `<Errors>${ec2Error(answer)}</Errors><RequestID>${id}</RequestID>`)
        : frame('ErrorResponse', xmlns, `${queryError(answer)}<RequestId>${id}</RequestId>`);
      return { status: answer.status, headers, body };
    },
  };
}

function operationOf(parameters: ParameterNode, model: ServiceModel): OperationModel {
  const action = parameter(parameters, 'Action');
  const version = parameter(parameters, 'Version');
  if (action === undefined) {
    throw new Refusal('MissingAction', 'The request is missing an Action parameter', { status: 400 });
  }
  const operation = version === model.version ? model.operations.get(action) : undefined;
  if (operation !== undefined) return operation;
  const message =
    model.protocol === 'ec2Query'
      ? `The action ${action} is not valid for this web service.`
      : `Could not find operation ${action} for version ${version ?? 'NO_VERSION_SPECIFIED'}`;
  throw new Refusal('InvalidAction', message, { status: 400 });
}

/** Parameters of the request itself rather than of the operation; a presigned GET has them beside each other. */
const requestParameters = /^(Action|Version|X-Amz-.*)$/i;

function withoutRequestParameters(parameters: ParameterNode): ParameterNode {
  const children = [...parameters.children].filter(([name]) => !requestParameters.test(name));
  return { ...parameters, children: new Map(children) };
}

function malformedInput(problem: Unreadable): Refusal {
  return new Refusal('MalformedInput', problem.message, { status: 400, cause: problem });
}

function refuseUnreadableInEc2(problem: Unreadable): Refusal {
  const code = problem.kind === 'unknown-parameter' ? 'UnknownParameter' : 'InvalidParameterValue';
  return new Refusal(code, problem.message, { status: 400, cause: problem });
}

function frame(tag: string, attributes: string, content: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${tag}${attributes}>${content}</${tag}>`;
}

function ec2Error({ code, message }: ErrorAnswer): string {
  return element('Error', element('Code', escapeXml(code)) + element('Message', escapeXml(message)));
}

function queryError({ fault, code, message, members }: ErrorAnswer): string {
  return element(
    'Error',
    element('Type', fault === 'client' ? 'Sender' : 'Receiver') +
      element('Code', escapeXml(code)) +
      element('Message', escapeXml(message)) +
      members.map(({ name, schema, value }) => xmlMemberWriter(name, schema)(value)).join(''),
  );
}
