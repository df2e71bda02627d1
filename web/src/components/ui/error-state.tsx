import { Button } from './button.tsx'

interface ErrorStateProps {
  title: string
  message: string
  hint?: string | null
  onRetry?: () => void
}

/** What happened, what to do about it, and a way to try again. */
export function ErrorState({ title, message, hint, onRetry }: ErrorStateProps) {
  return (
    <div role="alert" className="flex flex-col items-start gap-2 px-4 py-6 sm:px-5">
      <p className="font-medium text-bad">{title}</p>
      <p className="max-w-prose text-soft">
        {message} {hint}
      </p>
      {onRetry && (
        <Button className="mt-1" onClick={onRetry}>
          Try again
        </Button>
      )}
    </div>
  )
}
