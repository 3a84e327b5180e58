import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock, systemRandom } from '../../src/clock/index.ts';
import { silentLog } from '../../src/log.ts';
import {
  busyboxLayer,
  type Container,
  imageArchive,
  openDockerRuntime,
  type Runtime,
} from '../../src/runtime/index.ts';

/**
 * The Engine as the tests see it: another client of the same runtime interface, to put images there and to look
 * behind Catamaran's back at what really runs.
 */
let engine: Promise<Runtime> | undefined;
function testEngine(): Promise<Runtime> {
  engine ??= openDockerRuntime({ clock: systemClock(), random: systemRandom(), log: silentLog });
  return engine;
}

export const testImageName = 'catamaran/test:latest';
let loaded: Promise<string> | undefined;

/** A busybox image, made on the spot: no registry is in reach of a test. */
export function testImage(): Promise<string> {
  loaded ??= (async () => {
    const archive = await imageArchive({
      reference: testImageName,
      layers: [await busyboxLayer()],
      config: {},
    });
    await (await testEngine()).loadImage(archive);
    return testImageName;
  })();
  return loaded;
}

/** Every container that an installation has on the Engine, running or not. */
export async function installationContainers(stateDirectory: string): Promise<readonly Container[]> {
  const file = JSON.parse(await readFile(join(stateDirectory, 'installation.json'), 'utf8')) as {
    id: string;
  };
  return (await testEngine()).listContainers({ 'catamaran.installation': file.id });
}

/** Runs a shell command in the container of a task that has one of its own. @returns what it printed. @throws when it fails. */
export async function inContainer(
  stateDirectory: string,
  taskArn: string,
  shellCommand: string,
): Promise<string> {
  return inContainerOf(
    await testEngine(),
    await installationContainers(stateDirectory),
    taskArn,
    shellCommand,
  );
}

/** The same on any Engine, whose containers are given. */
export async function inContainerOf(
  runtime: Runtime,
  containers: readonly Container[],
  taskArn: string,
  shellCommand: string,
): Promise<string> {
  const own = containers.find(
    ({ labels }) =>
      labels['com.amazonaws.ecs.task-arn'] === taskArn &&
      !labels['com.amazonaws.ecs.container-name']?.startsWith('ecs-service-connect-'),
  );
  if (own === undefined) throw new Error(`Task ${taskArn} has no container`);
  const command = ['sh', '-c', shellCommand];
  const { exitCode, output } = await runtime.exec(own.name, command, { timeoutMs: 20_000 });
  if (exitCode !== 0) throw new Error(`"${shellCommand}" ended with ${exitCode}: ${output}`);
  return output;
}
