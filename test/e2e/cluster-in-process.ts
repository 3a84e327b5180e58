import { execFile } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEks } from '../../src/kubernetes/testing/eks-server.ts';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A cluster of this process's own, for the real programs: it needs no Engine and no other Catamaran to be down. */
export interface ClusterInProcess extends AsyncDisposable {
  /** Where kubeconfig is, and what tests write. */
  readonly directory: string;
  run(program: string, args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ran>;
  /** What the control plane would have logged of warnings and errors. */
  troubles(): readonly unknown[];
}

export async function startClusterInProcess(): Promise<ClusterInProcess> {
  const server = await startEks();
  const directory = mkdtempSync(join(tmpdir(), 'catamaran-cluster-'));
  const kubeconfig = join(directory, 'kubeconfig');
  const { endpoint, certificateAuthority, token } = await server.cluster('harbor');
  let written = 0;
  /** A token is good for some minutes. */
  const signIn = async (): Promise<void> => {
    const cluster = {
      server: endpoint,
      'certificate-authority-data': Buffer.from(certificateAuthority).toString('base64'),
    };
    const config = {
      ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'harbor' },
      contexts: [{ name: 'harbor', context: { cluster: 'harbor', user: 'maker' } }],
      clusters: [{ name: 'harbor', cluster }],
      users: [{ name: 'maker', user: { token: await token() } }],
    };
    // At once: programs that run beside each other read it meanwhile.
    const next = `${kubeconfig}.${written++}`;
    writeFileSync(next, JSON.stringify(config), { mode: 0o600 });
    renameSync(next, kubeconfig);
  };
  return {
    directory,
    run: async (program, args, more = {}) => {
      await signIn();
      const env = { ...process.env, KUBECONFIG: kubeconfig, HOME: directory, ...more };
      return new Promise((resolve) => {
        execFile(program, args, { env, cwd: directory, timeout: 110_000 }, (error, stdout, stderr) =>
          resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr }),
        );
      });
    },
    troubles: () => server.troubles(),
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
