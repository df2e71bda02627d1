import type { ComponentProps } from 'react'
import { classNames } from '../../lib/class-names.ts'

/** A grey bar where a value will be, as tall as that value, so that nothing moves when it arrives. */
export function Skeleton({ className, ...props }: ComponentProps<'span'>) {
  return (
    <span
      aria-hidden="true"
      className={classNames('inline-block animate-pulse rounded bg-line align-middle', className)}
      {...props}
    />
  )
}
