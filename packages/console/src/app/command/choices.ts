// Which choices fit what was typed, and how the arrow keys move through them (pure).

/** Something that the command bar can do. */
export interface Choice {
  readonly id: string
  readonly group: 'patients' | 'commands'
  readonly label: string
  /** Said beside the label, in a quieter voice. */
  readonly detail?: string
  /** Words in other languages under which it is found too. */
  readonly words?: string
}

const folded = (text: string): string => text.normalize('NFKC').toLowerCase()

/** The choices whose label or words have every typed word in them; all of them when nothing is typed. */
export function fitting<T extends Choice>(choices: readonly T[], typed: string): readonly T[] {
  const wanted = folded(typed)
    .split(/\s+/)
    .filter((word) => word !== '')
  return choices.filter(({ label, words }) => {
    const text = folded(`${label} ${words ?? ''}`)
    return wanted.every((word) => text.includes(word))
  })
}

/** The index after a key; the ends are joined. Undefined for keys that do not move. */
export function moved(key: string, index: number, count: number): number | undefined {
  if (count === 0) return undefined
  switch (key) {
    case 'ArrowDown':
      return (index + 1) % count
    case 'ArrowUp':
      return (index - 1 + count) % count
    default:
      return undefined
  }
}
