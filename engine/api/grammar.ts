import { engineError } from './error.ts'
import { native } from './native.ts'
import { checkSampling, GREEDY } from './sampling.ts'

/** Throws `bad_grammar` for a grammar that no model can follow, naming line and column or the rule. */
export function checkGrammar(grammar: string): void {
  checkSampling({ ...GREEDY, grammar }, 0n)
  try {
    native().checkGrammar(grammar)
  } catch (error) {
    throw engineError(error)
  }
}
