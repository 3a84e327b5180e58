import type { FargateIsolation } from '../../cli/index.ts';
import type { DockerRuntime } from '../../runtime/index.ts';

/** What the containers of pods on Fargate run under on this machine; undefined: like any container. @param asked By a person. */
export async function fargateIsolation(
  asked: FargateIsolation,
  runtime: Pick<DockerRuntime, 'gvisor'>,
): Promise<'gvisor' | undefined> {
  if (asked === 'runc') return undefined;
  return asked === 'gvisor' || (await runtime.gvisor()).works ? 'gvisor' : undefined;
}
