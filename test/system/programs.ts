import type { ContainerSpec } from '../../src/runtime/index.ts';
import type { SimProgram } from '../../src/runtime/sim/index.ts';

/**
 * What a simulated container does is its command: `exit CODE [AFTER_MS]`, `fail WORDS...` to start,
 * `print WORDS...` and run on, `ignore-stop`, `unhealthy`; anything else runs until it is stopped.
 */
export function programOf({ command = [] }: ContainerSpec): SimProgram {
  const [verb, ...words] = command;
  switch (verb) {
    case 'exit':
      return { exitCode: Number(words[0]), runForMs: Number(words[1] ?? 0) };
    case 'fail':
      return { startError: words.join(' ') };
    case 'print':
      return { output: [{ text: `${words.join(' ')}\n` }] };
    case 'ignore-stop':
      return { obeysStop: false };
    case 'unhealthy':
      return { health: () => ({ exitCode: 1, output: 'not well' }) };
    default:
      return {};
  }
}
