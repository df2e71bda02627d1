import { existsSync } from 'node:fs'

const CANDIDATES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/** The browser that tests drive. @throws when there is none, with the command that installs it. */
export function chromiumPath(): string {
  const path = [process.env['CHROMIUM'] ?? '', ...CANDIDATES].find(
    candidate => candidate !== '' && existsSync(candidate),
  )
  if (path !== undefined) return path
  throw new Error(
    'No Chromium found. Install it with: sudo apt-get install chromium   (or set CHROMIUM to its path)',
  )
}
