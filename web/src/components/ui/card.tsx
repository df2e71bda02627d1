import { type ComponentProps, type ReactNode, useId } from 'react'
import { classNames } from '../../lib/class-names.ts'

interface CardProps extends Omit<ComponentProps<'section'>, 'title'> {
  title: ReactNode
  /** Right of the title: a count, a filter, a link. */
  aside?: ReactNode
  /** Tables and lists reach the card's edge. */
  flush?: boolean
}

/** A titled region; the heading names it for assistive technology and for tests. */
export function Card({ title, aside, flush = false, className, children, ...props }: CardProps) {
  const id = useId()
  return (
    <section
      aria-labelledby={id}
      className={classNames('min-w-0 rounded-xl border border-line bg-card', className)}
      {...props}
    >
      <header className="flex min-h-12 flex-wrap items-center justify-between gap-x-4 gap-y-1 px-4 py-2.5 sm:px-5">
        <h2 id={id} className="font-semibold text-[0.9375rem] tracking-[-0.01em]">
          {title}
        </h2>
        {aside !== undefined && <div className="text-[0.8125rem] text-soft">{aside}</div>}
      </header>
      <div className={flush ? 'border-line border-t' : 'px-4 pb-4 sm:px-5 sm:pb-5'}>{children}</div>
    </section>
  )
}
