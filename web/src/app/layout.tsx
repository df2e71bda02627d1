import { Outlet } from '@tanstack/react-router'
import { ChainNotice } from '../features/network/chain-notice.tsx'
import { Footer } from './footer.tsx'
import { Header } from './header.tsx'

export function Layout() {
  return (
    <div className="flex flex-col">
      <a
        href="#content"
        className="sr-only focus:not-sr-only focus:absolute focus:z-20 focus:m-2 focus:rounded-md focus:bg-card focus:px-3 focus:py-2"
      >
        Skip to content
      </a>
      <Header />
      <ChainNotice />
      <main
        id="content"
        className="mx-auto w-full max-w-[1240px] min-h-[calc(100dvh-3.5rem)] px-4 py-6 sm:px-6 sm:py-8"
      >
        <Outlet />
      </main>
      <Footer />
    </div>
  )
}
