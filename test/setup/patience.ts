import { vi } from 'vitest';

/** A test that waits for a state fails when the state does not come, not when the machine is busy for a second. */
const leastMs = 50_000;

const { waitFor } = vi;

// Files of one worker share the object, and each runs this.
if (!('isPatient' in waitFor)) {
  const patiently: typeof waitFor = (check, options = {}) => {
    const { timeout = 0, ...others } = typeof options === 'number' ? { timeout: options } : options;
    return waitFor(check, { ...others, timeout: Math.max(timeout, leastMs) });
  };
  vi.waitFor = Object.assign(patiently, { isPatient: true });
}
