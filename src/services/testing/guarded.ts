import type { IamContext } from '../iam/index.ts';
import { entityKey, users } from '../iam/records.ts';
import { accountId, type IamServer, startIamServer } from '../iam/testing/iam-server.ts';
import type { OperationEntry, OperationTable, Service, SignedUpgrade } from '../service.ts';

export const region = 'eu-west-1';
export const user = `arn:aws:iam::${accountId}:user/ada`;
export const role = (name: string): string => `arn:aws:iam::${accountId}:role/${name}`;

export interface ClientSettings {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: IamServer['rootKey'];
  readonly maxAttempts: number;
}

/** A service's own table behind a gateway that authorises by IAM's records, over HTTP. */
export interface Guarded<World> extends AsyncDisposable {
  readonly server: IamServer;
  readonly operations: ReadonlyMap<string, OperationEntry>;
  readonly world: World;
  /** The operations that were allowed since it was last asked. */
  reached(): readonly string[];
  /** The user `ada` may do this and nothing else. */
  allow(...statements: readonly object[]): Promise<void>;
  readonly ada: ClientSettings;
}

/**
 * Builds a world with the service's operations, as root. From then on operations are reached and do nothing, so that every
 * case finds the same.
 */
export async function openGuarded<World>(service: {
  readonly signingName: string;
  readonly loadSdk: () => Promise<object>;
  readonly operations: (parts: Pick<IamContext, 'state' | 'clock' | 'random'>) => OperationTable;
  readonly upgrades?: (parts: Pick<IamContext, 'state' | 'clock' | 'random'>) => readonly SignedUpgrade[];
  readonly build: (root: ClientSettings, server: IamServer) => Promise<World>;
}): Promise<Guarded<World>> {
  let isBuilt = false;
  let reached: string[] = [];
  const guardedEntry = (name: string, entry: OperationEntry): OperationEntry =>
    'refused' in entry
      ? entry
      : {
          ...entry,
          run: (input, call) => {
            if (!isBuilt) return entry.run(input, call);
            reached.push(name);
            return {};
          },
        };
  const operations = new Map<string, OperationEntry>();
  const server = await startIamServer({
    services: (_iam, context): readonly Service[] => {
      for (const [name, entry] of Object.entries(service.operations(context)))
        operations.set(name, guardedEntry(name, entry));
      const { signingName, loadSdk } = service;
      const loadOperations = async (): Promise<OperationTable> => Object.fromEntries(operations);
      return [{ signingName, loadSdk, loadOperations, upgrades: service.upgrades?.(context) ?? [] }];
    },
  });
  const as = (credentials: IamServer['rootKey']): ClientSettings => ({
    ...{ endpoint: server.endpoint, region, credentials, maxAttempts: 1 },
  });
  const world = await service.build(as(server.rootKey), server);
  isBuilt = true;

  await server.iam.createUser({ UserName: 'ada' });
  const { AccessKey } = await server.iam.createAccessKey({ UserName: 'ada' });
  const { AccessKeyId: accessKeyId = '', SecretAccessKey: secretAccessKey = '' } = AccessKey ?? {};
  return {
    ...{ server, operations, world },
    reached: () => {
      const since = reached;
      reached = [];
      return since;
    },
    allow: (...statements) =>
      server.state.transact((tx) => {
        const key = entityKey(users, accountId, 'ada');
        const ada = tx.get(users, key);
        if (ada === undefined) throw new Error('No user ada');
        const Statement = statements.map((statement) => ({ Effect: 'Allow', ...statement }));
        const document = JSON.stringify({ Version: '2012-10-17', Statement });
        tx.put(users, key, { ...ada, inlinePolicies: statements.length > 0 ? { p: document } : {} });
      }),
    ada: as({ accessKeyId, secretAccessKey }),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
