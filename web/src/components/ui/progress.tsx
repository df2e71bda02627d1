import type { ComponentProps } from 'react'
import { classNames } from '../../lib/class-names.ts'

interface ProgressProps extends ComponentProps<'div'> {
  label: string
  /** 0 to 1. */
  value: number
}

export function Progress({ label, value, className, ...props }: ProgressProps) {
  const percent = Math.round(Math.min(1, Math.max(0, value)) * 100)
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
      className={classNames('h-1.5 overflow-hidden rounded-full bg-line', className)}
      {...props}
    >
      <div
        className="h-full rounded-full bg-accent-fill transition-[width]"
        style={{ width: `${percent}%` }}
      />
    </div>
  )
}
