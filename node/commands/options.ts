import { fileURLToPath } from 'node:url'
import { InvalidArgumentError } from 'commander'

/** The model that comes with the program. */
export const MODEL_DEFAULT = fileURLToPath(new URL('../../models/aria-1.gguf', import.meta.url))

export function decimal(min: number, max: number): (text: string) => number {
  return text => {
    const value = Number(text)
    if (text.trim() !== '' && value >= min && value <= max) return value
    throw new InvalidArgumentError(`Give a number from ${min} to ${max}.`)
  }
}

export function whole(min: number, max: number): (text: string) => number {
  return text => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= min && value <= max) return value
    throw new InvalidArgumentError(`Give a whole number from ${min} to ${max}.`)
  }
}

/** Whole numbers separated by commas, each in the range, without repeats. */
export function wholes(min: number, max: number): (text: string) => number[] {
  const one = whole(min, max)
  return text => [...new Set(text.split(',').map(one))]
}
