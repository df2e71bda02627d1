import { AriaAmount } from '../../components/aria-amount.tsx'
import { perMillion } from '../../lib/format.ts'

/** A price the way people quote it, per million tokens; the exact price per token is in the offer itself. */
export function Price({ weiPerToken, unit = false }: { weiPerToken: string | null; unit?: boolean }) {
  if (weiPerToken === null) return <span className="text-faint">–</span>
  return <AriaAmount wei={perMillion(BigInt(weiPerToken))} unit={unit} />
}
