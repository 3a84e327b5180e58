import type { Sealer } from '../../../sealing/index.ts';

/** What goes with a user to the identity provider and back, sealed. */
export interface SignInState {
  readonly ruleArn: string;
  readonly listenerArn: string;
  /** The same as in the cookie of the client that was sent away. */
  readonly nonce: string;
  /** Path and query of what was asked for. */
  readonly url: string;
  /** Epoch seconds. */
  readonly until: number;
}

const purpose = 'sign-in';
/** "A client must initiate login and complete the authentication process within 15 minutes." */
export const signInSeconds = 900;
export const nonceCookie = 'AWSALBAuthNonce';
/** As this room makes them. */
export const isNonce = (text: string): boolean => /^[A-Za-z0-9]{16}$/.test(text);

export function sealState(sealer: Sealer, state: SignInState): string {
  return sealer.seal(JSON.stringify(state), purpose);
}

/** Undefined: this load balancer did not make it. */
export function openState(sealer: Sealer, text: string): SignInState | undefined {
  const opened = sealer.open(text, purpose);
  return opened === undefined ? undefined : (JSON.parse(opened) as SignInState);
}
