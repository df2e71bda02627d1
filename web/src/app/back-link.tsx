import { Link } from '@tanstack/react-router'

export function BackLink() {
  return (
    <Link to="/" className="mb-4 inline-flex items-center gap-1 text-[0.8125rem] text-soft hover:text-ink">
      <span aria-hidden="true">←</span> Network
    </Link>
  )
}
