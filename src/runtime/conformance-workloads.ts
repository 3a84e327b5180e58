import type { SimInput, SimOutput, SimPipes, SimProgram, SimTerminal } from './sim/index.ts';

/**
 * What the suite's containers do, told twice: as a command for an image with busybox, and as a script for the
 * simulation.
 */
export interface Workload {
  readonly command: readonly string[];
  readonly program: SimProgram;
}

const shell = (script: string): readonly string[] => ['sh', '-c', script];

function* numbered(lines: number, prefix: string): Generator<SimOutput> {
  for (let line = 0; line < lines; line += 1) yield { text: `${prefix}${line}\n` };
}

function* trickled(lines: number): Generator<SimOutput> {
  for (let line = 0; line < lines; line += 1)
    yield { text: `line ${line}\n`, afterMs: line % 50 === 0 ? 10 : 0 };
}

export const manyLines = 200_000;
/** More than all that stands between a container and who hears it takes. */
export const tooManyLines = 1_000_000;
export const trickledLines = 6_000;
export const longLineBytes = 300 * 1024;

/** Says its terminal's size or what is typed, a line at a time; `quit` ends it with code 9. */
export const onTerminal = shell(
  'stty -echo; while read -r line; do case "$line" in size) stty size;; quit) exit 9;; *) echo "heard $line";; esac; done',
);

function terminalProgram(command: readonly string[], { say, exit, refuse }: SimTerminal): SimInput {
  if (command[0] === '/no/such/program') {
    refuse('OCI runtime exec failed: no such file or directory\r\n');
    return {};
  }
  let size = '0 0';
  let rest = '';
  return {
    resized: ({ columns, rows }) => {
      size = `${rows} ${columns}`;
    },
    typed: (text) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (line === 'quit') exit(9);
        else say(`${line === 'size' ? size : `heard ${line}`}\r\n`);
      }
    },
  };
}

/** Says what it reads on both outputs, a line at a time, and at the end of its input how much that was. */
const echoes =
  'n=0; while read -r line; do n=$((n+1)); echo "out $line"; echo "err $line" >&2; done; echo "$n lines"; exit 6';
export const withPipes = shell(echoes);

function pipeProgram({ say, exit }: SimPipes): SimInput {
  let rest = '';
  let count = 0;
  return {
    typed: (text) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        count += 1;
        say(`out ${line}\n`);
        say(`err ${line}\n`, 'stderr');
      }
    },
    ended: () => {
      say(`${count} lines\n`);
      exit(6);
    },
  };
}

export const workloads = {
  /** As a namespace's first process, `sleep` does not hear SIGTERM. */
  deaf: { command: ['sleep', '3600'], program: { obeysStop: false } },
  polite: {
    command: shell('trap "exit 7" TERM; echo ready; while :; do sleep 0.1; done'),
    program: { exitCodeOnStop: 7, output: [{ text: 'ready\n' }] },
  },
  succeeds: { command: ['true'], program: { runForMs: 1 } },
  fails: { command: shell('exit 3'), program: { runForMs: 1, exitCode: 3 } },
  runsBriefly: { command: shell('sleep 0.5; exit 5'), program: { runForMs: 500, exitCode: 5 } },
  outOfMemory: { command: ['tail', '/dev/zero'], program: { runForMs: 50, isOutOfMemory: true } },
  says: {
    command: shell('echo to stdout; echo to stderr >&2; echo; printf "no newline"'),
    program: {
      runForMs: 1,
      output: [
        { text: 'to stdout\n' },
        { text: 'to stderr\n', stream: 'stderr' },
        { text: '\n' },
        { text: 'no newline' },
      ],
    },
  },
  saysMuch: {
    command: shell(`seq 0 ${manyLines - 1}`),
    program: { runForMs: 1, output: { [Symbol.iterator]: () => numbered(manyLines, '') } },
  },
  saysTooMuch: {
    command: shell(`seq 0 ${tooManyLines - 1}`),
    program: { runForMs: 1, output: { [Symbol.iterator]: () => numbered(tooManyLines, '') } },
  },
  saysLong: {
    command: shell(`head -c ${longLineBytes} /dev/zero | tr "\\000" x; echo; echo after`),
    program: { runForMs: 1, output: [{ text: `${'x'.repeat(longLineBytes)}\nafter\n` }] },
  },
  /** The second half when `/tmp/on` is there. */
  trickles: {
    command: shell(
      `i=0; while [ $i -lt ${trickledLines} ]; do echo "line $i"; i=$((i+1)); [ $((i%50)) = 0 ] && sleep 0.01; [ $i = ${trickledLines / 2} ] && until [ -e /tmp/on ]; do sleep 0.05; done; done`,
    ),
    program: {
      endsAfterOutput: true,
      output: { [Symbol.iterator]: () => trickled(trickledLines) },
    },
  },
  sickens: {
    command: shell('touch /tmp/ok; exec sleep 3600'),
    program: { health: (probe) => ({ exitCode: probe < 2 ? 0 : 1, output: '' }) },
  },
  hears: {
    command: shell(`echo ready; ${echoes}`),
    program: { main: pipeProgram, output: [{ text: 'ready\n' }] },
  },
  hearsOnTerminal: {
    command: shell(onTerminal[2] ?? ''),
    program: { main: (pipes) => terminalProgram([], { ...pipes, refuse: () => {} }) },
  },
  obeysExec: {
    command: ['sleep', '3600'],
    program: {
      obeysStop: false,
      exec: ([, , script]) =>
        script === 'sleep 60'
          ? { exitCode: 0, output: '', runForMs: 60_000 }
          : { exitCode: 4, output: 'out\nerr\n' },
      terminal: terminalProgram,
      command: (_, pipes) => pipeProgram(pipes),
    },
  },
} as const satisfies Readonly<Record<string, Workload>>;

/** What the simulation makes of a command of the suite's. */
export function conformanceProgram(
  command: readonly string[] | undefined,
  entryPoint?: readonly string[],
): SimProgram {
  if (entryPoint?.[0] === '/no/such/program') {
    return {
      startError: 'exec: "/no/such/program": stat /no/such/program: no such file or directory: unknown',
    };
  }
  const words = JSON.stringify(command);
  // The last one of the same words is the one that can do most.
  return (
    Object.values(workloads).findLast((workload) => JSON.stringify(workload.command) === words)?.program ?? {}
  );
}
