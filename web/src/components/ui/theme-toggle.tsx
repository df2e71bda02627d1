import { chooseTheme, useTheme } from '../../lib/theme.ts'

const SUN =
  'M8 1.5v1.2m0 10.6v1.2m6.5-6.5h-1.2M2.7 8H1.5m11.1-4.6-.9.9m-7.4 7.4-.9.9m9.2 0-.9-.9M4.3 4.3l-.9-.9M11 8a3 3 0 1 1-6 0 3 3 0 0 1 6 0Z'
const MOON = 'M13.5 9.6A5.7 5.7 0 0 1 6.4 2.5a5.8 5.8 0 1 0 7.1 7.1Z'

export function ThemeToggle() {
  const theme = useTheme()
  const other = theme === 'dark' ? 'light' : 'dark'
  return (
    <button
      type="button"
      aria-label={`Switch to ${other} theme`}
      title={`Switch to ${other} theme`}
      onClick={() => chooseTheme(other)}
      className="inline-flex size-8 items-center justify-center rounded-md text-soft hover:bg-raised hover:text-ink"
    >
      <svg aria-hidden="true" viewBox="0 0 16 16" className="size-4 fill-none stroke-current stroke-[1.4]">
        <path d={theme === 'dark' ? SUN : MOON} strokeLinecap="round" strokeLinejoin="round" />
      </svg>
    </button>
  )
}
