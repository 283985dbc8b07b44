// What stands where a filtered list has no rows: the way out of the filters, or the way to ask again.
import { Button } from '@mantine/core'
import { EmptyState } from './EmptyState.tsx'

interface EmptyListProps {
  /** Whether filters leave something out. */
  readonly isNarrow: boolean
  readonly text: Readonly<Record<'none' | 'noneReason' | 'noneAction' | 'empty' | 'emptyReason', string>>
  readonly againLabel: string
  readonly onClear: () => void
  readonly onAgain: () => void
}

/** The words and the button. */
export function EmptyList({ isNarrow, text, againLabel, onClear, onAgain }: EmptyListProps) {
  return (
    <EmptyState
      action={
        <Button onClick={isNarrow ? onClear : onAgain} variant="default">
          {isNarrow ? text.noneAction : againLabel}
        </Button>
      }
      reason={isNarrow ? text.noneReason : text.emptyReason}
      title={isNarrow ? text.none : text.empty}
    />
  )
}
