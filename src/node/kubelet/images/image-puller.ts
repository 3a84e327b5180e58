import type { Clock } from '../../../clock/index.ts';
import {
  type Image,
  isEngineAway,
  type RegistryAuth,
  type Runtime,
  RuntimeError,
} from '../../../runtime/index.ts';
import type { PodEvents } from '../events/pod-events.ts';
import type { Pod, PodContainer } from '../objects/pod.ts';
import { CrashBackOff } from '../pods/crash-back-off.ts';
import { type ImageName, readImageName } from './image-name.ts';
import type { PulledImages } from './pulled-images.ts';

/** Why a container's image is not here, as its status says it. */
export class ImageError extends Error {
  override readonly name = 'ImageError';
  readonly reason: 'ErrImagePull' | 'ImagePullBackOff' | 'ErrImageNeverPull' | 'InvalidImageName';
  /** When it may be tried again (epoch ms); absent: that is for others to change. */
  readonly retryAtMs: number | undefined;

  constructor(reason: ImageError['reason'], message: string, retryAtMs?: number) {
    super(message);
    this.reason = reason;
    this.retryAtMs = retryAtMs;
  }
}

type WantedImage = Pick<PodContainer, 'image' | 'imagePullPolicy'> & { readonly name?: string };

export interface FoundImage {
  readonly image: Image;
  readonly name: ImageName;
}

/** The images of one pod's containers, by their pull policies. Failed pulls are tried again after 10 s, up to 5 minutes. */
export class ImagePuller {
  readonly #options: ImagePullerOptions;
  readonly #backOff = new CrashBackOff();
  readonly #failed = new Map<string, { readonly atMs: number; readonly message: string }>();

  constructor(options: ImagePullerOptions) {
    this.#options = options;
  }

  /** @param container Or a volume of the pod, without a name. @throws {ImageError}; {RuntimeError} when the engine is away; what the signal says. */
  async ensure(pod: Pod, container: WantedImage, signal: AbortSignal): Promise<FoundImage> {
    const { runtime, events } = this.#options;
    const { image = '', imagePullPolicy = 'IfNotPresent', name: containerName } = container;
    const name = readImageName(image);
    if (name === undefined) {
      const why = `couldn't parse image name ${JSON.stringify(image)}: invalid reference format`;
      const message = `Failed to apply default image tag ${JSON.stringify(image)}: ${why}`;
      events.warning(pod, 'InspectFailed', message, containerName);
      events.warning(pod, 'Failed', 'Error: InvalidImageName', containerName);
      throw new ImageError('InvalidImageName', message);
    }
    const there = await runtime.inspectImage(name.reference);
    const present = imagePullPolicy === 'Always' ? undefined : there;
    const shown = JSON.stringify(image);
    if (present !== undefined) {
      this.#options.pulled.used(name.reference);
      const message = `Container image ${shown} already present on machine and can be accessed by the pod`;
      events.normal(pod, 'Pulled', message, containerName);
      return { image: present, name };
    }
    if (imagePullPolicy === 'Never') {
      const message = `Container image ${shown} is not present with pull policy of Never`;
      events.warning(pod, 'ErrImageNeverPull', message, containerName);
      events.warning(pod, 'Failed', 'Error: ErrImageNeverPull', containerName);
      throw new ImageError('ErrImageNeverPull', message);
    }
    const pulled = await this.#pull(pod, container, name, signal);
    if (there === undefined) this.#options.pulled.pulled(name.reference, pulled);
    else this.#options.pulled.used(name.reference);
    return { image: pulled, name };
  }

  async #pull(
    pod: Pod,
    { image = '', name: containerName }: WantedImage,
    name: ImageName,
    signal: AbortSignal,
  ) {
    const { clock, events, secrets } = this.#options;
    const shown = JSON.stringify(image);
    const failed = this.#failed.get(name.reference);
    const waiting = failed && this.#backOff.waiting(name.reference, failed.atMs, clock.now());
    if (failed && waiting) {
      events.normal(pod, 'BackOff', `Back-off pulling image ${shown}`, containerName);
      events.warning(pod, 'Failed', 'Error: ImagePullBackOff', containerName);
      const message = `Back-off pulling image ${shown}: ErrImagePull: ${failed.message}`;
      throw new ImageError('ImagePullBackOff', message, waiting.untilMs);
    }
    events.normal(pod, 'Pulling', `Pulling image ${shown}`, containerName);
    const begunAtMs = clock.monotonic();
    try {
      const pulled = await this.#pullWith(name.reference, await secrets(pod, name, signal), signal);
      this.#failed.delete(name.reference);
      const took = `${((clock.monotonic() - begunAtMs) / 1000).toFixed(3).replace(/\.?0+$/, '')}s`;
      const message = `Successfully pulled image ${shown} in ${took} (${took} including waiting)`;
      const size = pulled.sizeBytes === undefined ? '' : ` Image size: ${pulled.sizeBytes} bytes.`;
      events.normal(pod, 'Pulled', `${message}.${size}`, containerName);
      return pulled;
    } catch (error) {
      signal.throwIfAborted();
      if (isEngineAway(error)) throw error;
      const detail = error instanceof RuntimeError ? error.detail : String(error);
      const message = `failed to pull and unpack image ${JSON.stringify(name.reference)}: ${detail}`;
      const atMs = clock.now();
      this.#backOff.restarted(name.reference, atMs, atMs);
      this.#failed.set(name.reference, { atMs, message });
      events.warning(pod, 'Failed', `Failed to pull image ${shown}: ${message}`, containerName);
      events.warning(pod, 'Failed', 'Error: ErrImagePull', containerName);
      throw new ImageError(
        'ErrImagePull',
        message,
        this.#backOff.waiting(name.reference, atMs, atMs)?.untilMs,
      );
    }
  }

  /** With each of the credentials in turn; without any where there are none. */
  async #pullWith(reference: string, auths: readonly RegistryAuth[], signal: AbortSignal): Promise<Image> {
    const { runtime } = this.#options;
    let failure: unknown;
    for (const auth of auths.length === 0 ? [undefined] : auths) {
      try {
        return await runtime.pullImage(reference, { ...(auth && { auth }), signal });
      } catch (error) {
        signal.throwIfAborted();
        failure = error;
      }
    }
    throw failure;
  }
}

export interface ImagePullerOptions {
  readonly runtime: Pick<Runtime, 'inspectImage' | 'pullImage'>;
  readonly pulled: Pick<PulledImages, 'pulled' | 'used'>;
  readonly clock: Clock;
  readonly events: PodEvents;
  /** What the pod's imagePullSecrets hold for the image's registry. */
  readonly secrets: (pod: Pod, image: ImageName, signal: AbortSignal) => Promise<readonly RegistryAuth[]>;
}
