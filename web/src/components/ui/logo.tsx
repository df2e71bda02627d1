/** The letter A on a grid of seven one-bit pixels; public/favicon.svg is the same picture. */
export function Logo() {
  return (
    <svg aria-hidden="true" viewBox="0 0 7 7" shapeRendering="crispEdges" className="size-7 rounded-md">
      <rect width="7" height="7" className="fill-[#2456e6]" />
      <path fill="#fff" d="M2 1h3v1H2zM1 2h1v4H1zM5 2h1v4H5zM2 4h3v1H2z" />
    </svg>
  )
}
