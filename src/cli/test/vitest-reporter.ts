import type { Reporter, TestCase, TestModule } from 'vitest/node';

/** Sent to the test command over IPC while Vitest runs. */
export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Tests known so far. */
  readonly total: number;
  /** The file that a test has just ended in. */
  readonly file: string;
}

export function isTestCounts(message: unknown): message is TestCounts {
  return typeof message === 'object' && message !== null && 'passed' in message && 'total' in message;
}

/**
 * Counts tests for the live display. A file that can't be loaded and an error outside any test count as one
 * failed test each, so that they can't be overlooked in the sum.
 */
export default class CountingReporter implements Reporter {
  #passed = 0;
  #failed = 0;
  #skipped = 0;
  #total = 0;
  #file = '';

  onTestModuleCollected(testModule: TestModule): void {
    this.#total += [...testModule.children.allTests()].length;
    this.#send();
  }

  onTestCaseResult(testCase: TestCase): void {
    const { state } = testCase.result();
    if (state === 'passed') this.#passed += 1;
    else if (state === 'failed') this.#failed += 1;
    else if (state === 'skipped') this.#skipped += 1;
    this.#file = testCase.module.relativeModuleId;
    this.#send();
  }

  onTestRunEnd(testModules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const broken = testModules.filter((testModule) => testModule.errors().length > 0).length;
    this.#failed += broken + unhandledErrors.length;
    this.#total += broken + unhandledErrors.length;
    this.#send();
  }

  #send(): void {
    const counts: TestCounts = {
      passed: this.#passed,
      failed: this.#failed,
      skipped: this.#skipped,
      total: this.#total,
      file: this.#file,
    };
    process.send?.(counts);
  }
}
