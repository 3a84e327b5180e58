import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exitCodeOfSignal } from '../child.ts';
import type { CommandContext } from '../command-context.ts';
import { CommandError, table } from '../terminal.ts';

const folder = fileURLToPath(new URL('../../../bench', import.meta.url));

/**
 * Runs `bench/NAME.ts` as a program of its own, so that what it measures is not measured together with this
 * command; without a name, lists them. `rest`: options of its own.
 */
export async function bench(
  name: string | undefined,
  options: { readonly json?: boolean; readonly rest?: readonly string[] },
  { terminal, signal }: CommandContext,
): Promise<number> {
  const benches = listBenches();
  if (name === undefined) {
    terminal.stdout.write(
      options.json
        ? `${JSON.stringify({ benches: benches.map((bench) => bench.name) })}\n`
        : table(benches.map((bench) => [`  ${bench.name}`, bench.about])),
    );
    return 0;
  }
  if (!benches.some((bench) => bench.name === name)) {
    const names = benches.map((bench) => bench.name).join(', ');
    throw new CommandError(`There is no bench "${name}". There are: ${names}`);
  }
  const args = [
    ...process.execArgv,
    join(folder, `${name}.ts`),
    ...(options.rest ?? []),
    ...(options.json ? ['--json'] : []),
  ];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: 'inherit' });
    signal.addEventListener('abort', () => child.kill('SIGTERM'), { once: true });
    child.on('error', reject);
    child.on('close', (code, signalName) => resolve(code ?? exitCodeOfSignal(signalName)));
  });
}

/** A bench is a program and exports nothing; what several of them share stands beside them and does. */
function listBenches(): readonly { readonly name: string; readonly about: string }[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map((file) => ({ name: file.slice(0, -'.ts'.length), text: readFileSync(join(folder, file), 'utf8') }))
    .filter(({ text }) => !/^export /m.test(text))
    .map(({ name, text }) => ({ name, about: firstSentence(text) }));
}

/** The first sentence of a file's first doc comment. */
function firstSentence(text: string): string {
  const comment = /\/\*\*([\s\S]*?)\*\//.exec(text)?.[1] ?? '';
  const words = comment
    .replace(/^\s*\* ?/gm, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return /^.*?[.](?= |$)/.exec(words)?.[0] ?? words;
}
