import type { ComponentProps } from 'react'
import { classNames } from '../../lib/class-names.ts'

export const BUTTON_CLASS =
  'inline-flex h-8 items-center justify-center gap-1.5 rounded-md border border-line-strong bg-card px-3 font-medium text-[0.8125rem] text-ink transition-colors hover:bg-raised disabled:opacity-50 disabled:hover:bg-card'

export function Button({ className, type = 'button', ...props }: ComponentProps<'button'>) {
  return <button type={type} className={classNames(BUTTON_CLASS, className)} {...props} />
}
