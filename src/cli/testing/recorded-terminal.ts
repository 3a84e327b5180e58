import type { Terminal } from '../terminal.ts';

/** A terminal that keeps what is written to it. */
export interface RecordedTerminal extends Terminal {
  readonly out: () => string;
  readonly err: () => string;
}

export function recordedTerminal(
  options: { readonly isTty?: boolean; readonly env?: Terminal['env'] } = {},
): RecordedTerminal {
  const written = { stdout: '', stderr: '' };
  const output = (stream: 'stdout' | 'stderr') => ({
    write: (text: string) => {
      written[stream] += text;
    },
    isTty: options.isTty ?? false,
    hasColours: false,
    columns: () => 60,
  });
  return {
    stdout: output('stdout'),
    stderr: output('stderr'),
    env: options.env ?? {},
    out: () => written.stdout,
    err: () => written.stderr,
  };
}
