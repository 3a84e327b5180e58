/** On everything that an installation makes on the Engine. */
export const installationLabel = 'catamaran.installation';
