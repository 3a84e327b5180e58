/** What a ConfigMap's `binaryData` or a Secret's `data` holds, decoded, by key. */
export type Entries = ReadonlyMap<string, Uint8Array>;

export interface ConfigMapEntries {
  readonly text: ReadonlyMap<string, string>;
  readonly binary: Entries;
}

/** The ConfigMaps and Secrets that pods refer to. @throws {Error} The API server can't be asked. */
export interface ReferencedObjects {
  /** Undefined: there is none. */
  configMap(namespace: string, name: string, signal: AbortSignal): Promise<ConfigMapEntries | undefined>;
  /** Undefined: there is none. */
  secret(namespace: string, name: string, signal: AbortSignal): Promise<Entries | undefined>;
}

/** In the words that upstream's kubelet has for it. */
export function notFound(kind: 'ConfigMap' | 'Secret', name: string): Error {
  return new Error(`${kind.toLowerCase()} ${JSON.stringify(name)} not found`);
}
