/** @returns the path of the program that times the parts of a step. */
export function buildProfile(source: string): Promise<string>
