import {
  findProgram,
  type Image,
  imageArchive,
  imageId,
  madeImageLabels,
  programLayer,
  type Runtime,
  RuntimeError,
} from '../../runtime/index.ts';
import { configFile, proxyDirectory } from './proxy-config.ts';

const program = 'haproxy';

/** The proxy's image, made of this machine's HAProxy. One for all agents of a machine. */
export interface ProxyImage {
  /** Its reference, once the Engine has it. @throws {RuntimeError} */
  ensure(
    runtime: Pick<Runtime, 'inspectImage' | 'loadImage'>,
  ): Promise<{ readonly reference: string; readonly image: Image }>;
}

/** Undefined: this machine has no HAProxy, so none of its tasks can have a proxy. */
export async function openProxyImage(): Promise<ProxyImage | undefined> {
  const path = process.platform === 'linux' ? await findProgram(program) : undefined;
  if (path === undefined) return undefined;
  let archive: ReturnType<typeof makeArchive> | undefined;
  return {
    async ensure(runtime) {
      archive ??= makeArchive(path);
      const { reference, id, bytes } = await archive.catch((error: unknown) => {
        archive = undefined;
        const detail = error instanceof Error ? error.message : String(error);
        throw new RuntimeError('CannotPullContainer', `The proxy's image cannot be made: ${detail}`, detail, {
          cause: error,
        });
      });
      const present = await runtime.inspectImage(reference);
      if (present?.id === id) return { reference, image: present };
      await runtime.loadImage(bytes);
      const image = await runtime.inspectImage(reference);
      if (image !== undefined) return { reference, image };
      const detail = `${reference} was loaded and is not there`;
      throw new RuntimeError('CannotPullContainer', detail, detail);
    },
  };
}

/** Another HAProxy is another image: its tag follows from its content. */
async function makeArchive(path: string) {
  const spec = {
    layers: [await programLayer(path)],
    config: {
      Entrypoint: [path, '-W', '-db', '-f', `${proxyDirectory}/${configFile}`],
      Labels: madeImageLabels,
      // At once: when it is stopped, those that it served have ended.
      StopSignal: 'SIGTERM',
    },
  };
  const tag = imageId({ ...spec, reference: '' }).slice('sha256:'.length, 'sha256:'.length + 12);
  const reference = `catamaran/ecs-service-connect-agent:${tag}`;
  return {
    reference,
    id: imageId({ ...spec, reference }),
    bytes: await imageArchive({ ...spec, reference }),
  };
}
