import type { Clock } from '../../clock/index.ts';
import { Fields } from '../fields.ts';
import type { AttachOptions, ContainerAttachment } from '../process.ts';
import { RuntimeError } from '../runtime-error.ts';
import type { EngineApi } from './engine-api.ts';
import { resizeTerminal } from './exec-streams.ts';
import { attempting } from './failures.ts';
import { HijackedStreams } from './hijacked-streams.ts';

/**
 * Attaches to the first process of a running container.
 * @throws {RuntimeError} `CannotExecContainer`
 */
export async function openAttachment(
  api: EngineApi,
  clock: Clock,
  container: string,
  { hasInput = false, signal }: AttachOptions,
): Promise<ContainerAttachment> {
  const attempt = `Cannot attach to container '${container}'`;
  return attempting(attempt, 'CannotExecContainer', async () => {
    const aborted = signal === undefined ? {} : { signal };
    const inspected = new Fields(
      await api.json('GET', `/containers/${encodeURIComponent(container)}/json`, aborted),
    );
    if (!inspected.object('State').flag('Running')) {
      const detail = `Container ${container} is not running`;
      throw new RuntimeError('CannotExecContainer', `${attempt}: ${detail}`, detail);
    }
    const config = inspected.object('Config');
    const hasTerminal = config.flag('Tty');
    const path = `/containers/${inspected.text('Id') ?? ''}`;
    const socket = await api.hijack('POST', `${path}/attach`, {
      query: {
        stream: 1,
        stdout: 1,
        stderr: 1,
        ...(hasInput && config.flag('OpenStdin') ? { stdin: 1 } : {}),
      },
      ...aborted,
    });
    const streams = new HijackedStreams(socket, hasTerminal);
    const over = new AbortController();
    socket.once('close', () => over.abort(new Error('The attachment is over')));
    // Of a container that had exited before it was attached to, the end is not told.
    const exited = await api.stream('POST', `${path}/wait`, {
      query: { condition: 'not-running' },
      signal: over.signal,
    });
    exited.on('error', () => {});
    exited.on('end', () => streams.endSoon(clock));
    exited.resume();
    return {
      hasTerminal,
      output: streams.output,
      write: (bytes) => streams.write(bytes),
      endInput: () => streams.endInput(),
      resize: async (size) => {
        if (hasTerminal) await resizeTerminal(api, path, size);
      },
      [Symbol.asyncDispose]: () => streams[Symbol.asyncDispose](),
    };
  });
}
