// The console's icons: strokes on a 20 px grid, hidden from screen readers (a text always says the same).

const paths = {
  search: 'M9 15a6 6 0 1 0 0-12 6 6 0 0 0 0 12Zm4.5-1.5L17 17',
  people:
    'M7.5 9.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM2 16.5c.4-3 2.6-4.5 5.5-4.5s5.1 1.5 5.5 4.5M13 3.8a3 3 0 0 1 0 5.4M15 12.4c1.7.6 2.7 2 3 4.1',
  person: 'M10 9.5a3.250 3.250 0 1 0 0-6.5 3.250 3.250 0 0 0 0 6.5ZM3.5 17c.5-3.2 3-5 6.5-5s6 1.8 6.5 5',
  image: 'M3 4h14v12H3V4Zm0 9 4-4 3 3 3-4 4 5M7 7.5v.1',
  shield: 'M10 2.5 16 5v4.5c0 3.8-2.4 6.6-6 8-3.6-1.4-6-4.2-6-8V5l6-2.5Zm-2.7 7.4 2 2 3.5-3.8',
  network:
    'M10 7.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM4.5 17.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM15.5 17.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM8.7 7.1 5.8 12.8M11.3 7.1l2.9 5.7M7 15h6',
  lock: 'M4.5 9h11v8h-11V9Zm2.5 0V6.5a3 3 0 0 1 6 0V9M10 12.2v1.8',
  layers: 'M10 3 18 7l-8 4-8-4 8-4ZM2.5 10.5 10 14.25l7.5-3.75M2.5 14 10 17.75l7.5-3.75',
  pulse: 'M2 10.5h3.5L7.5 5l4 10.5 2.3-5H18',
  moon: 'M16.5 12.2A7 7 0 0 1 7.8 3.5a7 7 0 1 0 8.7 8.7Z',
  sun: 'M10 13.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM10 1.8v1.7M10 16.5v1.7M18.2 10h-1.7M3.5 10H1.8M15.8 4.2l-1.2 1.2M5.4 14.6l-1.2 1.2M15.8 15.8l-1.2-1.2M5.4 5.4 4.2 4.2',
  close: 'M5 5l10 10M15 5 5 15',
  warning: 'M10 3 18 16.5H2L10 3Zm0 5v4M10 14.2v.1',
  chevron: 'M7.5 5l5 5-5 5',
  arrowUp: 'M10 16V4M5.5 8.5 10 4l4.5 4.5',
  arrowDown: 'M10 4v12M5.5 11.5 10 16l4.5-4.5',
  check: 'M4 10.5 8 14.5 16 6',
  leave: 'M8 3.5H4v13h4M12.5 6.5 16 10l-3.5 3.5M16 10H8',
  language: 'M2.5 5h8M6.5 3v2M9 5c-.6 3-2.8 5.6-6 7M4.5 7.5c.9 1.8 2.5 3.3 4.5 4.2M10 17l3.5-8.5L17 17M11.2 14.2h4.6',
} as const

/** Name of an icon. */
export type IconName = keyof typeof paths

/** Draws an icon in the colour of the text around it. */
export function Icon({ name, sizePx = 18 }: { readonly name: IconName; readonly sizePx?: number }) {
  return (
    <svg
      aria-hidden="true"
      fill="none"
      height={sizePx}
      stroke="currentColor"
      strokeLinecap="round"
      strokeLinejoin="round"
      strokeWidth={1.6}
      viewBox="0 0 20 20"
      width={sizePx}
    >
      <path d={paths[name]} />
    </svg>
  )
}
