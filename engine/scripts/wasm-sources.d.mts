export const WASM_MODULE: string
export const WASM_STAMP: string
export function wasmStamp(): { sources: string; module: string }
