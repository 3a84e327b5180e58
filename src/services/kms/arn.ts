/** Which account and region something is meant in. */
export interface Scope {
  readonly accountId: string;
  readonly region: string;
}

export const keyArn = ({ region, accountId }: Scope, id: string): string =>
  `arn:aws:kms:${region}:${accountId}:key/${id}`;

/** @param name With `alias/` before it. */
export const aliasArn = ({ region, accountId }: Scope, name: string): string =>
  `arn:aws:kms:${region}:${accountId}:${name}`;

/** What a `KeyId` of a request means: a key's id or an alias, in an account and region. */
export interface KeyReference {
  readonly scope: Scope;
  readonly keyId?: string;
  /** With `alias/` before it. */
  readonly aliasName?: string;
}

/** An id, an alias, or the ARN of one of them; undefined: it is none of those. Names without an ARN are the caller's. */
export function readKeyReference(caller: Scope, text: string): KeyReference | undefined {
  const [, region = '', accountId = '', named = ''] =
    /^arn:aws:kms:([\w-]+):(\d{12}):((?:key|alias)\/.+)$/.exec(text) ?? [];
  const scope = named === '' ? caller : { accountId, region };
  const rest = named === '' ? text : named.replace(/^key\//, '');
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(rest)) return { scope, keyId: rest };
  return /^alias\/[\w/-]{1,250}$/.test(rest) ? { scope, aliasName: rest } : undefined;
}

/** The alias by which a key was named, which policies can ask for. */
export const aliasOf = (keyId: string): { readonly alias?: string } => {
  const [, alias] = /(?:^|:)(alias\/.+)$/.exec(keyId) ?? [];
  return alias === undefined ? {} : { alias };
};
