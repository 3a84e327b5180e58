/**
 * A function that answers the same object for the same object as long as that lives. Parts of a topology are frozen and
 * stay the same objects while they don't change, so what follows from them needs to be neither made nor compared again.
 */
export function remembered<Key extends object, Value>(make: (key: Key) => Value): (key: Key) => Value {
  const known = new WeakMap<Key, Value>();
  return (key) => {
    const before = known.get(key);
    if (before !== undefined) return before;
    const made = make(key);
    known.set(key, made);
    return made;
  };
}
