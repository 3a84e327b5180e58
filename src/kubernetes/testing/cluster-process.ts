import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Known } from './eks-server.ts';

const address = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);

/** Keeps a cluster of the name `harbor` over the files of a directory, and says by a line where it is. */
const serving = `
  import { systemClock } from ${address('../../clock/index.ts')};
  import { openSqliteStore } from ${address('../../store/index.ts')};
  import { startEks } from ${address('./eks-server.ts')};
  const store = await openSqliteStore({ directory: process.argv[1], clock: systemClock() });
  const server = await startEks({ store });
  const { clusters = [] } = await server.eks.listClusters({});
  const { endpoint, certificateAuthority } = clusters.includes('harbor')
    ? await server.found('harbor')
    : await server.cluster('harbor');
  process.stdout.write(JSON.stringify({ endpoint, certificateAuthority }) + '\\n');
`;

/** A process that serves the cluster `harbor`, until it is killed. */
export interface ClusterProcess extends AsyncDisposable {
  readonly cluster: Known;
  /** As by `kill -9`. */
  kill(): Promise<void>;
}

export async function startClusterProcess(directory: string): Promise<ClusterProcess> {
  const child: ChildProcess = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', serving, directory],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const exited = once(child, 'exit');
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
  };
  if (child.stdout === null) throw new Error('The process says nothing');
  for await (const line of createInterface({ input: child.stdout }))
    return { cluster: JSON.parse(line) as Known, kill, [Symbol.asyncDispose]: kill };
  throw new Error('The process ended before it said where its cluster is');
}
