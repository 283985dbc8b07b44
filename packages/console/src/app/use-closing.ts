// What opens below a button closes on Escape, on a press elsewhere, and when the focus leaves.
import { useEffect, useRef } from 'react'

/** The place of button and content; pass it as `ref`. After Escape the button, the first of the place, has the focus. */
export function useClosing(isOpen: boolean, close: () => void) {
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (!isOpen) return
    const onKey = (event: KeyboardEvent): void => {
      if (event.key !== 'Escape') return
      close()
      place.current?.querySelector('button')?.focus()
    }
    const onAway = (event: Event): void => {
      if (event.target instanceof Node && place.current?.contains(event.target) === false) close()
    }
    document.addEventListener('keydown', onKey)
    document.addEventListener('pointerdown', onAway)
    document.addEventListener('focusin', onAway)
    return () => {
      document.removeEventListener('keydown', onKey)
      document.removeEventListener('pointerdown', onAway)
      document.removeEventListener('focusin', onAway)
    }
  }, [isOpen, close])
  return place
}
