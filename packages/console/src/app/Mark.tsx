// The product's mark: an apricot blossom, the same as public/favicon.svg.

const petals = [
  [16, 8.6],
  [23, 13.7],
  [20.4, 22],
  [11.6, 22],
  [9, 13.7],
] as const

/** Draws the mark; the product's name stands beside it. */
export function Mark({ sizePx = 26 }: { readonly sizePx?: number }) {
  return (
    <svg aria-hidden="true" height={sizePx} viewBox="0 0 32 32" width={sizePx}>
      <rect fill="#0b6e6e" height="32" rx="7" width="32" />
      {petals.map(([x, y]) => (
        <circle cx={x} cy={y} fill="#fff" key={x} r="4.3" />
      ))}
      <circle cx="16" cy="16.2" fill="#f0a35e" r="3.4" />
    </svg>
  )
}
