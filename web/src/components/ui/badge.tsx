import type { ComponentProps } from 'react'
import { classNames } from '../../lib/class-names.ts'

export type Tone = 'neutral' | 'info' | 'good' | 'warn' | 'bad'

const TONES: Record<Tone, { text: string; dot: string }> = {
  neutral: { text: 'text-soft', dot: 'bg-faint' },
  info: { text: 'text-accent', dot: 'bg-accent' },
  good: { text: 'text-good', dot: 'bg-good' },
  warn: { text: 'text-warn', dot: 'bg-warn' },
  bad: { text: 'text-bad', dot: 'bg-bad' },
}

interface BadgeProps extends ComponentProps<'span'> {
  tone: Tone
}

/** A state in one word. The word carries the meaning; the colour only helps. */
export function Badge({ tone, className, children, ...props }: BadgeProps) {
  const { text, dot } = TONES[tone]
  return (
    <span
      className={classNames(
        'inline-flex align-middle items-center gap-1.5 whitespace-nowrap rounded-full border border-line bg-raised/60 px-2 py-px font-medium text-xs',
        text,
        className,
      )}
      {...props}
    >
      <span aria-hidden="true" className={classNames('size-1.5 rounded-full', dot)} />
      {children}
    </span>
  )
}
