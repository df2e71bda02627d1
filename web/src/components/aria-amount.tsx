import { classNames } from '../lib/class-names.ts'
import { exactAria, shortAria } from '../lib/format.ts'

interface AriaAmountProps {
  wei: string | bigint
  /** False where the column or label already says ARIA. */
  unit?: boolean
  className?: string
}

/** An amount to read at a glance; every digit of it is in the title. */
export function AriaAmount({ wei, unit = true, className }: AriaAmountProps) {
  const amount = BigInt(wei)
  return (
    <span title={`${exactAria(amount)} ARIA`} className={classNames('whitespace-nowrap', className)}>
      {shortAria(amount)}
      {unit && <span className="ml-1 font-normal text-[0.8em] text-faint">ARIA</span>}
    </span>
  )
}
