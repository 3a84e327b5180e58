import type { Call } from '../services/service.ts';

/** A path beside the operations of AWS's SDKs, mostly the installation's own: JSON in, JSON out. */
export type Route = SignedRoute | OpenRoute;

/** Signed like an AWS request. */
export interface SignedRoute {
  readonly isSigned: true;
  /** Default: `catamaran`. */
  readonly signingName?: string;
  readonly method: string;
  /** May have labels, e.g. `/_catamaran/instances/{id}`. */
  readonly path: string;
  /** Authorised like an operation, e.g. `catamaran:AddInstance`. */
  readonly action: string;
  /** The ARNs that the action is on, by the path's labels. Absent: `*`. */
  resources?(labels: ReadonlyMap<string, string>, call: Call): readonly string[];
  /** May throw a `Refusal`, which is answered as `{"__type", "message"}`. */
  handle(request: RouteRequest, call: Call): RouteAnswer | Promise<RouteAnswer>;
  /** Answers programs on this machine that can't sign (see `isFromThisMachine`); absent: they must. */
  handleLocal?(request: RouteRequest): RouteAnswer | Promise<RouteAnswer>;
}

/** For what anyone who reaches the listener may know. */
export interface OpenRoute {
  readonly isSigned: false;
  readonly method: string;
  readonly path: string;
  handle(request: RouteRequest): RouteAnswer | Promise<RouteAnswer>;
}

export interface RouteRequest {
  /** The values of the path's labels. */
  readonly labels: ReadonlyMap<string, string>;
  readonly query: URLSearchParams;
  /** The parsed JSON; undefined when there was no body. */
  readonly body: unknown;
}

export type RouteAnswer =
  | {
      readonly status: number;
      /** Written as JSON. */
      readonly body: unknown;
    }
  | { readonly status: number; readonly xml: string }
  | { readonly status: number; readonly contentType: string; readonly text: string };

/** The signing name of the installation itself. */
export const ownSigningName = 'catamaran';

/** The service that a route's requests are signed for, or would be. */
export function signingNameOf(route: Route): string {
  return (route.isSigned ? route.signingName : undefined) ?? ownSigningName;
}
