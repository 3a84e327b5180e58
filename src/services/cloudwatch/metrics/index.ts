export { MemoryMetricStore } from './memory.ts';
export type { MetricStore } from './metric-store.ts';
export { SqliteMetricStore } from './sqlite.ts';
