/** Engines with the same major answer with the same bits: it changes when SPEC.md's results do. */
export const ENGINE_MAJOR = 1
