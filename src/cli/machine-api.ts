/** What is said about machines over the operator API: see `operator-api.ts`. */

/** A computer of the installation. */
export interface MachineDescription {
  /** `m-…`. */
  readonly id: string;
  readonly name: string;
  /** IPv4, where the other machines reach it; absent: nowhere. */
  readonly address?: string;
  readonly version: string;
  /** Epoch milliseconds. */
  readonly joinedAt: number;
  /** The control plane is on it. */
  readonly isHome: boolean;
  /** It follows what it has to carry. */
  readonly isConnected: boolean;
}

export interface MachinesResponse {
  /** The control plane's first; none while there is one machine alone. */
  readonly machines: readonly MachineDescription[];
}

export interface InvitationResponse {
  /** What a computer joins with: `Invitation`, as JSON in base64url. */
  readonly token: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

/** Where to join, and temporary credentials that may do nothing else. */
export interface Invitation {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

export interface JoinRequest {
  /** Of the state directory on the computer that joins: 12 hex digits. */
  readonly installationId: string;
  /** Its host name. */
  readonly name: string;
  /** IPv4, where the other machines reach it. */
  readonly address: string;
  readonly version: string;
}

export interface JoinResponse {
  readonly machineId: string;
  readonly homeMachineId: string;
  readonly accountId: string;
  readonly region: string;
  readonly publicCidr: string;
  /** The machine's own key. */
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}
