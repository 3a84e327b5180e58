import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';

const engineSocket = '/var/run/docker.sock';

/** What tells an installation's traces on a machine from those of others. */
interface Traces {
  readonly installationId: string;
  readonly instanceIds: readonly string[];
}

/** To be read while there still is a state directory. */
export function tracesOf(stateDirectory: string): Traces {
  const read = (...path: string[]): unknown =>
    JSON.parse(readFileSync(join(stateDirectory, ...path), 'utf8'));
  const instances = read('node', 'instances.json') as readonly { readonly id: string }[];
  return {
    installationId: (read('installation.json') as { readonly id: string }).id,
    instanceIds: instances.map(({ id }) => id),
  };
}

/** Everything of an installation that the machine still holds, outside of its state directory; a line for each. */
export async function footprint({ installationId, instanceIds }: Traces): Promise<string[]> {
  const filters = encodeURIComponent(JSON.stringify({ label: [`catamaran.installation=${installationId}`] }));
  const [containers, networks, volumes] = await Promise.all([
    askEngine('GET', `/containers/json?all=1&filters=${filters}`) as Promise<{ Names: string[] }[]>,
    askEngine('GET', `/networks?filters=${filters}`) as Promise<{ Name: string }[]>,
    askEngine('GET', `/volumes?filters=${filters}`) as Promise<{ Volumes: { Name: string }[] | null }>,
  ]);
  return [
    ...containers.map(({ Names }) => `container ${Names[0]}`),
    ...networks.map(({ Name }) => `network ${Name}`),
    ...(volumes.Volumes ?? []).map(({ Name }) => `volume ${Name}`),
    ...cgroupsOf(instanceIds),
    ...namespacesOf(installationId),
  ];
}

function namespacesOf(installationId: string): string[] {
  const directory = '/run/netns';
  if (!existsSync(directory)) return [];
  return readdirSync(directory).flatMap((name) =>
    name.includes(`-${installationId}`) ? [`namespace ${name}`] : [],
  );
}

function cgroupsOf(instanceIds: readonly string[]): string[] {
  const root = '/sys/fs/cgroup';
  const trees = [root, ...directoriesIn(root).map((name) => join(root, name))];
  return trees.flatMap((tree) =>
    directoriesIn(tree)
      .filter((name) => instanceIds.some((id) => name.includes(id)))
      .map((name) => `cgroup ${join(tree, name)}`),
  );
}

/** None of what is gone: cgroups of other files' tests are in the same tree, and are removed meanwhile. */
function directoriesIn(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** One call of the Engine's API, past Catamaran's own driver. */
export function askEngine(method: string, path: string, socketPath = engineSocket): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, method, path, agent: false, timeout: 100_000 }, (incoming) => {
      let text = '';
      incoming.setEncoding('utf8');
      incoming.on('data', (chunk: string) => {
        text += chunk;
      });
      incoming.on('end', () => resolve(text === '' ? undefined : JSON.parse(text)));
      incoming.on('error', reject);
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error(`${method} ${path}: no answer`)));
    outgoing.on('error', reject);
    outgoing.end();
  });
}
