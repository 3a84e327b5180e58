/** By name: what a metric is, and what `# HELP` says of it. */
export type MetricTable = Readonly<Record<string, readonly [type: 'counter' | 'gauge', help: string]>>;

/** Metrics in Prometheus' text format, by name in the order in which they came. */
export class MetricsText {
  readonly #table: MetricTable;
  readonly #lines = new Map<string, string[]>();

  constructor(table: MetricTable) {
    this.#table = table;
  }

  /** Names of pods, containers and images hold nothing that would have to be escaped. */
  add(
    name: string,
    labels: Readonly<Record<string, string>>,
    value: number,
    timeMs: number | undefined,
  ): void {
    const pairs = Object.entries(labels).map(([key, text]) => `${key}="${text}"`);
    const shown = pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
    const lines = this.#lines.get(name) ?? [];
    lines.push(`${name}${shown} ${value}${timeMs === undefined ? '' : ` ${Math.round(timeMs)}`}`);
    this.#lines.set(name, lines);
  }

  text(): string {
    const blocks = [...this.#lines].map(([name, lines]) => {
      const [type, help] = this.#table[name] ?? ['gauge', ''];
      return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines, ''].join('\n');
    });
    return blocks.join('');
  }
}
