/**
 * Secrets at rest. The one idea: whatever must be read back one day (the secret half of an access key, what a session
 * token says) is kept only in sealed form, and the one key that opens it never leaves this room's objects.
 */
export { createSealer, type Sealer, sealingKeyBytes } from './sealer.ts';
