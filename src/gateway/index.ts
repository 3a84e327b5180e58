/**
 * The front door: one HTTP listener for every API. A request's bytes come in here, find their service, are
 * tied to a principal by their signature, authorised, handed to one operation, and leave as bytes again.
 *
 * The one idea to know: `pipeline.ts` is the whole way of a request as one ordered list of steps, and its end
 * is the only place where an error becomes an answer.
 *
 * What it refuses: requests without a valid AWS Signature Version 4, bodies over the service's limit, services
 * that are not offered, and HTTP/2.
 */

export { assertMayRun } from './authorization.ts';
export type { AnsweredRequest, Gateway, GatewayLimits, GatewayOptions } from './gateway.ts';
export { createGateway } from './gateway.ts';
export { presignedCallerVerifier, type VerifyPresignedCaller } from './presigned-caller.ts';
export type { OpenRoute, Route, RouteAnswer, RouteRequest, SignedRoute } from './route.ts';
export { ownSigningName } from './route.ts';
export type { CredentialLookup } from './sigv4.ts';
