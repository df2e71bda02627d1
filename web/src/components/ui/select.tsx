import { type ComponentProps, useId } from 'react'
import { classNames } from '../../lib/class-names.ts'

interface SelectProps extends ComponentProps<'select'> {
  label: string
}

export function Select({ label, className, ...props }: SelectProps) {
  const id = useId()
  return (
    <span className="inline-flex items-center gap-2 text-[0.8125rem]">
      <label htmlFor={id} className="text-soft">
        {label}
      </label>
      <select
        id={id}
        className={classNames(
          'h-8 rounded-md border border-line-strong bg-card px-2 text-ink hover:bg-raised',
          className,
        )}
        {...props}
      />
    </span>
  )
}
