import { CopyButton } from './copy-button.tsx'

/** A command to paste. */
export function CodeLine({ code, what }: { code: string; what: string }) {
  return (
    <span className="mt-2 flex items-start gap-2 rounded-lg border border-line bg-raised p-3">
      <code className="min-w-0 flex-1 whitespace-pre-wrap break-words font-mono text-ink text-xs leading-5">
        {code}
      </code>
      <CopyButton value={code} what={what} />
    </span>
  )
}
