import type { Log } from '../log.ts';
import type { HttpRoutes, Refusal } from '../protocols/index.ts';
import type { Authorize, Denial } from '../services/iam/index.ts';
import type { Route } from './route.ts';
import type { ServiceCatalog } from './service-catalog.ts';
import type { SignatureVerifier } from './sigv4.ts';

/** What the steps work with. */
export interface PipelineParts {
  readonly catalog: ServiceCatalog;
  readonly routes: HttpRoutes<Route>;
  readonly verifier: SignatureVerifier;
  readonly authorize: Authorize;
  /** For services that hand out sealed why they refuse. */
  readonly encodeDenial: ((denial: Denial) => string) | undefined;
  readonly log: Log;
  /** A failure of the world that the caller should hear of in plain words; undefined: it is a fault of ours. */
  readonly refusalOf: (failure: unknown) => Refusal | undefined;
}
