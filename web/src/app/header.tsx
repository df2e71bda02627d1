import { Link } from '@tanstack/react-router'
import { Logo } from '../components/ui/logo.tsx'
import { ThemeToggle } from '../components/ui/theme-toggle.tsx'
import { LiveBadge } from '../features/live/live-badge.tsx'
import { HeadBlock } from '../features/network/head-block.tsx'

const PAGES = [
  { to: '/', label: 'Overview' },
  { to: '/requests', label: 'Requests' },
  { to: '/audits', label: 'Audits' },
] as const

const TAB =
  'inline-flex h-full items-center border-transparent border-b-2 px-1 pt-0.5 text-soft hover:text-ink data-[status=active]:border-accent data-[status=active]:text-ink'

export function Header() {
  return (
    <header className="sticky top-0 z-10 border-line border-b bg-card/90 backdrop-blur">
      <div className="mx-auto flex max-w-[1240px] flex-wrap items-center gap-x-6 px-4 sm:px-6">
        <Link to="/" aria-label="ARIA, overview" className="flex h-14 items-center gap-2.5">
          <Logo />
          <span className="font-semibold text-[0.9375rem] tracking-[0.02em]">ARIA</span>
        </Link>
        <nav
          aria-label="Main"
          className="order-last -mx-4 flex h-11 w-[calc(100%+2rem)] gap-5 border-line border-t px-4 font-medium sm:order-none sm:mx-0 sm:h-14 sm:w-auto sm:border-0 sm:px-0"
        >
          {PAGES.map(({ to, label }) => (
            <Link
              key={to}
              to={to}
              activeOptions={{ exact: to === '/', includeSearch: false }}
              className={TAB}
            >
              {label}
            </Link>
          ))}
        </nav>
        <div className="ml-auto flex h-14 items-center gap-3">
          <HeadBlock />
          <LiveBadge />
          <ThemeToggle />
        </div>
      </div>
    </header>
  )
}
