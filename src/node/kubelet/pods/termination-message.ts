import { chmod, mkdir, open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Runtime } from '../../../runtime/index.ts';
import type { PodContainer } from '../objects/pod.ts';

const mostBytes = 4_096;
const mostPodBytes = 12_288;
const mostLogBytes = 2_048;
const mostLogLines = 80;

/** What containers say at their end: a file of each run, which it finds at its `terminationMessagePath`. */
export class TerminationMessages {
  readonly #directory: string;

  /** @param directory Of the kubelet. */
  constructor(directory: string) {
    this.#directory = join(directory, 'containers');
  }

  /** A directory of this run alone, with the file in it. There already: left as it is. */
  async prepare(
    podUid: string,
    container: string,
    attempt: number,
  ): Promise<{ directory: string; file: string }> {
    const directory = this.#of(podUid, container, attempt);
    const file = join(directory, 'termination-log');
    await mkdir(directory, { recursive: true, mode: 0o755 });
    await writeFile(file, '', { flag: 'a' });
    // Whoever the container runs as.
    await chmod(file, 0o666);
    return { directory, file };
  }

  /** Of a run that has ended; empty where it said nothing. */
  async read(
    podUid: string,
    { name, terminationMessagePolicy }: PodContainer,
    run: {
      readonly attempt: number;
      readonly containerName: string;
      readonly hasFailed: boolean;
      /** Of its pod: what all of them say has a bound, too. */
      readonly containers: number;
    },
    runtime: Pick<Runtime, 'output'>,
    signal: AbortSignal,
  ): Promise<string> {
    const share = Math.floor(mostPodBytes / run.containers);
    const text = await head(
      join(this.#of(podUid, name, run.attempt), 'termination-log'),
      Math.min(mostBytes, share),
    );
    if (text !== '' || terminationMessagePolicy !== 'FallbackToLogsOnError' || !run.hasFailed) return text;
    const lines: string[] = [];
    for await (const line of runtime.output(run.containerName, { sinceMs: 0 }, signal)) {
      lines.push(line.isUnended ? line.text : `${line.text}\n`);
      if (lines.length > mostLogLines) lines.shift();
    }
    const all = Buffer.from(lines.join(''));
    const kept = all.subarray(Math.max(0, all.length - mostLogBytes));
    return kept.subarray(0, share).toString();
  }

  async forget(podUid: string): Promise<void> {
    await rm(join(this.#directory, podUid), { recursive: true, force: true });
  }

  #of(podUid: string, container: string, attempt: number): string {
    return join(this.#directory, podUid, container, String(attempt));
  }
}

async function head(path: string, most: number): Promise<string> {
  try {
    await using file = await open(path, 'r');
    const { bytesRead, buffer } = await file.read(Buffer.alloc(most), 0, most, 0);
    return buffer.subarray(0, bytesRead).toString();
  } catch {
    return '';
  }
}
