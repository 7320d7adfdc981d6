/** From this seed on, files go to destinations with a reply application. */
export const firstReplySeed = 1_000_000;
