/** As many slots as a runner may have, and so as a job may take. The pages' form, which runs nothing of ours, says it once more. */
export const MOST_SLOTS = 64;
