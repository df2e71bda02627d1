import type { ReactNode } from 'react'
import { classNames } from '../../lib/class-names.ts'

interface StatProps {
  label: string
  /** Beside the label, so that the value has the whole width. */
  unit?: string
  /** Undefined while it loads: the tile keeps its height. */
  value: ReactNode
  detail?: ReactNode
}

/** One headline number. Put several into a StatGrid. */
export function Stat({ label, unit, value, detail }: StatProps) {
  return (
    <div className="flex min-w-0 flex-col gap-1 bg-card px-4 py-3.5 sm:px-5 sm:py-4">
      <dt className="text-[0.8125rem] text-soft">
        {label} {unit && <span className="text-faint text-xs">{unit}</span>}
      </dt>
      <dd className="truncate font-semibold text-lg leading-8 sm:text-[1.375rem] tracking-[-0.02em]">
        {value}
      </dd>
      <dd className="min-h-[1.2rem] text-faint text-xs">{detail}</dd>
    </div>
  )
}

interface StatGridProps {
  label: string
  className?: string
  children: ReactNode
}

/** Tiles that share hairlines, as one surface. */
export function StatGrid({ label, className, children }: StatGridProps) {
  return (
    <dl
      aria-label={label}
      className={classNames('grid gap-px overflow-hidden rounded-xl border border-line bg-line', className)}
    >
      {children}
    </dl>
  )
}
