import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Of the files that take longest, the longest first. */
const longest = [
  '/test/sim/',
  '/test/system/',
  ...['pods', 'cli', 'faults', 'chaos', 'nodes-on-machines', 'aws-cli', 'utilization'].map(
    (name) => `/e2e/${name}.test.ts`,
  ),
];

/**
 * The order in which test files begin. Without times of an earlier run Vitest takes large files for long ones;
 * simulations are the shortest files and the longest runs, pods take longer than what is said of them, a minute of
 * CloudWatch lasts one, and one that begins last keeps a single worker busy while the others have nothing to do any more.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => rank(a) - rank(b));
  }
}

function rank({ moduleId }: TestSpecification): number {
  const found = longest.findIndex((folder) => moduleId.includes(folder));
  return found === -1 ? longest.length : found;
}
