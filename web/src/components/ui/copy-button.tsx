import { type ComponentProps, useEffect, useState } from 'react'
import { classNames } from '../../lib/class-names.ts'

const SHOWN_MS = 1500

interface CopyButtonProps extends Omit<ComponentProps<'button'>, 'value'> {
  value: string
  /** What is copied, for the button's name: "Copy receipt hash". */
  what: string
}

export function CopyButton({ value, what, className, ...props }: CopyButtonProps) {
  const [outcome, setOutcome] = useState<'copied' | 'failed' | null>(null)

  useEffect(() => {
    if (outcome === null) return
    const timer = setTimeout(() => setOutcome(null), SHOWN_MS)
    return () => clearTimeout(timer)
  }, [outcome])

  // `clipboard` is missing where the page is neither on localhost nor on https.
  const copy = async () =>
    setOutcome(
      (await navigator.clipboard?.writeText(value).then(
        () => 'copied' as const,
        () => 'failed' as const,
      )) ?? 'failed',
    )

  return (
    <button
      type="button"
      aria-label={`Copy ${what}`}
      title={outcome === 'failed' ? 'The browser refused; select the text instead' : `Copy ${what}`}
      onClick={copy}
      className={classNames(
        'inline-flex size-6 shrink-0 items-center justify-center rounded text-faint hover:bg-raised hover:text-ink',
        className,
      )}
      {...props}
    >
      <svg aria-hidden="true" viewBox="0 0 16 16" className="size-3.5 fill-none stroke-current stroke-[1.5]">
        {outcome === null && (
          <path d="M5.5 5.5v-2a1 1 0 0 1 1-1h6a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1h-2m-8-5h6a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1h-6a1 1 0 0 1-1-1v-6a1 1 0 0 1 1-1Z" />
        )}
        {outcome === 'copied' && <path d="m3 8.5 3.5 3.5L13 4.5" className="stroke-good" />}
        {outcome === 'failed' && <path d="m4 4 8 8m0-8-8 8" className="stroke-bad" />}
      </svg>
      <span role="status" className="sr-only">
        {outcome === 'copied' && 'Copied'}
        {outcome === 'failed' && 'Copying failed'}
      </span>
    </button>
  )
}
