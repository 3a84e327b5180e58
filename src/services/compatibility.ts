import type { OperationTable } from './service.ts';

/**
 * The page that says which operations work, made from the tables that serve them, so that it can't say
 * anything else. `tables` is by the service's name as AWS writes it (`Amazon ECS`).
 */
export function compatibilityMarkdown(tables: Readonly<Record<string, OperationTable>>): string {
  const services = Object.entries(tables).map(([name, table]) => summarise(name, table));
  return [
    '# Compatibility',
    '',
    'Every operation of the AWS SDK, as this version of Catamaran answers it. Made from the operation tables in',
    '`src/services/`; what is not supported is refused by name, before anything changes.',
    '',
    '| service | supported | operations |',
    '| --- | ---: | ---: |',
    ...services.map(
      ({ name, supported, total }) => `| [${name}](#${anchor(name)}) | ${supported} | ${total} |`,
    ),
    '',
    ...services.flatMap(({ name, rows }) => [
      `## ${name}`,
      '',
      '| operation | state |',
      '| --- | --- |',
      ...rows,
      '',
    ]),
  ].join('\n');
}

function summarise(name: string, table: OperationTable) {
  const entries = Object.entries(table).sort(([one], [other]) => (one < other ? -1 : 1));
  return {
    name,
    total: entries.length,
    supported: entries.filter(([, entry]) => !('refused' in entry)).length,
    rows: entries.map(([operation, entry]) => {
      const state = 'refused' in entry ? `refused: ${cell(entry.refused)}` : 'supported';
      return `| ${operation} | ${state} |`;
    }),
  };
}

/** Text that stays within its cell. */
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ');

/** How Markdown renderers name a heading. */
const anchor = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^a-z0-9 -]/g, '')
    .replaceAll(' ', '-');
