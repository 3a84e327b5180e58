import { run } from './cli/index.ts';
import { compose } from './composition/index.ts';

process.exitCode = await run(process.argv.slice(2), compose());
