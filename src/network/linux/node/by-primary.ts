/** On packets, and flows, that bear the primary address outside whichever pod they are of: the plugin's bit for node ports. */
export const byPrimaryMark = 0x80;

/** The same in nft's words. */
export const byPrimary = `0x${byPrimaryMark.toString(16)}`;
