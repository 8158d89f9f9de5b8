/** How long what was restored for a test is kept for its comparison, unless it has been answered before. */
export const comparingHours = 12;
