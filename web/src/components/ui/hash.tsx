import { shortHex } from '../../lib/format.ts'
import { CopyButton } from './copy-button.tsx'

/** A hash or address, shortened, whole in its title, with a button that copies it. */
export function Hash({ value, what }: { value: string; what: string }) {
  return (
    <span className="inline-flex align-middle items-center gap-0.5 whitespace-nowrap">
      <span title={value} className="font-mono text-[0.8125rem]">
        {shortHex(value)}
      </span>
      <CopyButton value={value} what={what} />
    </span>
  )
}
