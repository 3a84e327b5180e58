import { createPrivateKey, generateKeyPairSync, hkdfSync, type KeyObject } from 'node:crypto';
import { type Random, uuid } from '../../../clock/index.ts';
import type { Reader, Transaction } from '../../../reconcile/index.ts';
import { createSealer, type Sealer, sealingKeyBytes } from '../../../sealing/index.ts';
import type { Scope } from '../arn.ts';
import { type AuthenticationKeyRecord, authenticationKeys, elbKey, scopeText } from '../records.ts';

const purposeOf = (id: string, part: 'signing' | 'cookies'): string => `elb-authentication/${id}/${part}`;

/** A region's keys are made with its first rule that authenticates, in that rule's transaction. */
export function ensureAuthenticationKeys(
  tx: Transaction,
  scope: Scope,
  { sealer, random }: { readonly sealer: Sealer; readonly random: Random },
): void {
  if (currentKey(tx, scope) !== undefined) return;
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const id = uuid(random);
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
  tx.put(authenticationKeys, elbKey(authenticationKeys, scope, id), {
    id,
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    sealedSigningKey: sealer.seal(pem.toString(), purposeOf(id, 'signing')),
    sealedCookieKey: sealer.seal(random.bytes(sealingKeyBytes), purposeOf(id, 'cookies')),
  });
}

function currentKey(reader: Reader | Transaction, scope: Scope): AuthenticationKeyRecord | undefined {
  return reader.byIndex(authenticationKeys, 'scope', scopeText(scope))[0]?.value;
}

/** PEM of the public key by which applications verify `x-amzn-oidc-data`. Undefined: there is none of that id. */
export function authenticationPublicKey(reader: Reader, id: string): string | undefined {
  return reader.byIndex(authenticationKeys, 'id', id)[0]?.value.publicKey;
}

/** The keys of a region, opened. */
export interface AuthenticationKeys {
  readonly id: string;
  readonly signingKey: KeyObject;
  /** Seals what clients keep for a load balancer: no other one opens it. */
  sealerOf(loadBalancerArn: string): Sealer;
}

/** Keeps what it has opened. */
export class KeyRing {
  readonly #sealer: Sealer;
  readonly #random: Random;
  readonly #opened = new WeakMap<AuthenticationKeyRecord, AuthenticationKeys>();

  constructor(sealer: Sealer, random: Random) {
    this.#sealer = sealer;
    this.#random = random;
  }

  /** @throws {Error} a rule authenticates, and its region has no keys: it was not made by this room. */
  of(reader: Reader, scope: Scope): AuthenticationKeys {
    const record = currentKey(reader, scope);
    if (record === undefined) throw new Error(`There are no authentication keys in ${scopeText(scope)}`);
    const opened = this.#opened.get(record) ?? this.#open(record);
    this.#opened.set(record, opened);
    return opened;
  }

  #open({ id, sealedSigningKey, sealedCookieKey }: AuthenticationKeyRecord): AuthenticationKeys {
    const pem = this.#sealer.open(sealedSigningKey, purposeOf(id, 'signing'));
    const cookieKey = this.#sealer.openBytes(sealedCookieKey, purposeOf(id, 'cookies'));
    if (pem === undefined || cookieKey === undefined)
      throw new Error('The authentication keys were sealed by another installation');
    const sealers = new Map<string, Sealer>();
    return {
      id,
      signingKey: createPrivateKey(pem),
      sealerOf: (arn) => {
        const known = sealers.get(arn);
        if (known !== undefined) return known;
        const key = hkdfSync('sha256', cookieKey, '', arn, sealingKeyBytes);
        const made = createSealer(new Uint8Array(key), this.#random);
        sealers.set(arn, made);
        return made;
      },
    };
  }
}
