/** Builds the engine's driver for this machine's CPU or another one; returns the program's path. */
export function buildDriver(arch?: string): Promise<string>
