import fc from 'fast-check';

/**
 * Properties are tried with the same values in every run, so that a run says something of the change it is
 * made for; CATAMARAN_PROPERTY_SEED tries others.
 */
fc.configureGlobal({ seed: Number(process.env['CATAMARAN_PROPERTY_SEED'] ?? 20_260_101) });
