// A seeded generator, so that a failing run can be repeated.
export class Random {
  private state: number
  constructor(seed: number) {
    this.state = seed >>> 0 || 1
  }
  /** A 32-bit unsigned integer (xorshift32). */
  next(): number {
    this.state ^= this.state << 13
    this.state ^= this.state >>> 17
    this.state ^= this.state << 5
    this.state >>>= 0
    return this.state
  }
  below(limit: number): number {
    return this.next() % limit
  }
  /** Uniform in [-1, 1). */
  signed(): number {
    return this.next() / 2 ** 31 - 1
  }
}
