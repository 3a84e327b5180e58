/** `v1`, `v2beta1`, `v3alpha2`. */
const form = /^v([1-9]\d*)(?:(alpha|beta)([1-9]\d*))?$/;
const stability = ['alpha', 'beta', undefined];

/**
 * Orders versions of a group as Kubernetes prefers them: stable ones before betas before alphas, higher ones before lower
 * ones, and then names of any other form by the alphabet.
 */
export function compareVersions(one: string, other: string): number {
  const [left, right] = [form.exec(one), form.exec(other)];
  if (left === null && right === null) return one < other ? -1 : one > other ? 1 : 0;
  if (left === null || right === null) return left === null ? 1 : -1;
  return (
    stability.indexOf(right[2]) - stability.indexOf(left[2]) ||
    Number(right[1]) - Number(left[1]) ||
    Number(right[3] ?? 0) - Number(left[3] ?? 0)
  );
}
