/**
 * Set-up: what a machine needs besides Node and the libraries (which the launcher sees to). A list of steps in
 * order, each with a look that says whether it is needed, a reason, the way to do it, and the commands that a
 * person types where Catamaran may not do it. A second run finds everything there and does nothing.
 */
export { type AwsCli, findAwsCli, findAwsCliAgain, forgetAwsCli } from './aws-cli.ts';
export { findStaticBusybox } from './busybox.ts';
export { runSetup } from './run.ts';
export { type SetupPurpose, type SetupStep, stepsFor } from './steps.ts';
