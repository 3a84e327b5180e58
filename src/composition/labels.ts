/** On everything that an installation makes on the Engine. */
export const installationLabel = 'catamaran.installation';

/** On everything that one of its instances makes. */
export const instanceLabel = 'catamaran.instance';
