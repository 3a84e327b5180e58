import { invalidParameter } from '../errors.ts';

const cpuUnitsPerCore = 1024;
const smallestCpu = 128;
const largestCpu = 196_608;

/**
 * A task's `cpu` (`"1024"`, `"1 vCPU"`, `".5 vcpu"`) as the string of CPU units that is stored.
 * @throws InvalidParameterException it is neither, or outside 128 to 196,608 units.
 */
export function parseTaskCpu(text: string): string {
  const units = /^\d{1,7}$/.test(text) ? Number(text) : scaled(text, 'vcpu', cpuUnitsPerCore);
  if (units === undefined || units < smallestCpu || units > largestCpu)
    throw invalidParameter("Invalid 'cpu' setting for task.");
  return String(units);
}

/**
 * A task's `memory` (`"512"`, `"1GB"`, `"0.5 GB"`) as the string of MiB that is stored.
 * @throws InvalidParameterException it is neither, or not positive.
 */
export function parseTaskMemory(text: string): string {
  const mebibytes = /^\d{1,9}$/.test(text) ? Number(text) : scaled(text, 'gb', 1024);
  if (mebibytes === undefined || mebibytes < 1) throw invalidParameter("Invalid 'memory' setting for task.");
  return String(mebibytes);
}

/** `"1.5 GB"` to 1536; undefined when the text is no such amount or no whole number of units. */
function scaled(text: string, unit: string, factor: number): number | undefined {
  const [, amount, givenUnit] = /^(\d{1,6}(?:\.\d{1,6})?|\.\d{1,6}) ?([A-Za-z]+)$/.exec(text) ?? [];
  if (amount === undefined || givenUnit?.toLowerCase() !== unit) return undefined;
  const units = Number(amount) * factor;
  return Number.isInteger(units) ? units : undefined;
}
