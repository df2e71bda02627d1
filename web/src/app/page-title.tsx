import type { ReactNode } from 'react'

interface PageTitleProps {
  title: string
  children?: ReactNode
  /** Right of the title. */
  aside?: ReactNode
}

/** The page's one heading, which also names the browser's tab. */
export function PageTitle({ title, children, aside }: PageTitleProps) {
  return (
    <div className="mb-6 flex flex-wrap items-end justify-between gap-x-8 gap-y-4">
      <title>{`${title} · ARIA`}</title>
      <div className="min-w-0">
        <h1 className="font-semibold text-2xl tracking-[-0.02em]">{title}</h1>
        {children && <p className="mt-1 max-w-2xl text-soft">{children}</p>}
      </div>
      {aside}
    </div>
  )
}
