import { Link } from '@tanstack/react-router'
import { shortHex } from '../lib/format.ts'
import { PixelMark } from './ui/pixel-mark.tsx'

/** A provider by its operator address, leading to its page. */
export function OperatorLink({ operator }: { operator: string }) {
  return (
    <Link
      to="/providers/$operator"
      params={{ operator }}
      title={operator}
      className="inline-flex align-middle items-center gap-2 whitespace-nowrap font-mono text-[0.8125rem] hover:text-accent hover:underline"
    >
      <PixelMark seed={operator} />
      {shortHex(operator)}
    </Link>
  )
}
