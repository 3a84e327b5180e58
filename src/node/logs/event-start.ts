import { RE2JS } from 're2js';
import type { AwslogsOptions } from './options.ts';

/**
 * Whether a line begins a log event. The pattern comes from a task definition, so it runs on RE2: in Docker's own
 * syntax, and in time linear in the line, for one bad pattern must not hold up the agent.
 * @throws {Error} when the pattern is not RE2 syntax or the format has an unknown directive.
 */
export function compileEventStart(
  eventStart: NonNullable<AwslogsOptions['eventStart']>,
): (line: string) => boolean {
  const source = eventStart.type === 'pattern' ? eventStart.pattern : patternOfDatetime(eventStart.format);
  const pattern = RE2JS.compile(source);
  return (line) => pattern.matcher(line).find();
}

/** Docker's translation of strftime directives (Docker documentation, "awslogs-datetime-format"). */
const directives: Readonly<Record<string, string>> = {
  a: '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)',
  A: '(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)',
  w: '[0-6]',
  d: '(?:0[1-9]|[12][0-9]|3[01])',
  b: '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)',
  B: '(?:January|February|March|April|May|June|July|August|September|October|November|December)',
  m: '(?:0[1-9]|1[0-2])',
  Y: '\\d{4}',
  y: '\\d{2}',
  H: '(?:[01][0-9]|2[0-3])',
  I: '(?:0[0-9]|1[0-2])',
  p: '[AP]M',
  M: '[0-5][0-9]',
  S: '[0-5][0-9]',
  f: '\\d{6}',
  L: '\\.\\d{3}',
  z: '[+-]\\d{4}',
  Z: '[A-Z]{1,4}T',
  j: '(?:0[0-9][1-9]|0[1-9]0|[12][0-9][0-9]|3[0-5][0-9]|36[0-6])',
  '%': '%',
};

function patternOfDatetime(format: string): string {
  return format.replaceAll(/%(.?)|[\\^$.*+?()[\]{}|]/g, (text, directive: string | undefined) => {
    if (!text.startsWith('%')) return `\\${text}`;
    const pattern = directives[directive ?? ''];
    if (pattern === undefined)
      throw new Error(`Unknown directive '${text}' in awslogs-datetime-format '${format}'`);
    return pattern;
  });
}
