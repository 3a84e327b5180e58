/**
 * The simulated runtime: the same contract in memory, all time from the given clock and all chance from the given
 * random source, so that a day of a thousand machines replays in moments. A `SimEngine` is one machine's engine and
 * keeps what runs; a `SimRuntime` is one client of it, as an agent is.
 *
 * Nothing runs: what a container does is a script (`SimProgram`), and files, mounts and packets do not exist.
 */
export {
  type Distribution,
  noLatency,
  type SimFailures,
  type SimInput,
  type SimLatency,
  type SimOptions,
  type SimOutput,
  type SimPipes,
  type SimProgram,
  type SimTerminal,
} from './model.ts';
export { SimEngine } from './sim-engine.ts';
export { SimRuntime } from './sim-runtime.ts';
