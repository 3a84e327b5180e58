import type { Refusal } from './refusal.ts';
import type { OperationModel, ServiceModel } from './service-model.ts';
import type { WireAnswer, WireRequest } from './wire.ts';

/** One service's way from bytes to typed values and back. */
export interface Codec {
  readonly model: ServiceModel;
  /**
   * Finds the operation that a request asks for, without reading its input.
   * @throws {Refusal} the service has no such operation, or the codecs can't carry it.
   */
  open(request: WireRequest): OpenedRequest;
  /** @throws {Error} the output does not fit the schema: a bug of the operation. */
  writeOutput(operation: OperationModel, output: unknown, requestId: string): WireAnswer;
  writeRefusal(refusal: Refusal, requestId: string): WireAnswer;
}

export interface OpenedRequest {
  readonly operation: OperationModel;
  /** @throws {Refusal} the body does not fit the schema, or lacks required members. */
  readInput(): Record<string, unknown>;
}
