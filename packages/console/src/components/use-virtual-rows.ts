// Which rows of a long list are in view: the window scrolls, rows are 32 px (a patient's 44 px, a phone's 60 px).
import { useMediaQuery } from '@mantine/hooks'
import { useWindowVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useLayoutEffect, useRef, useState } from 'react'

const phoneRowPx = 60
const headingPx = 32
const nearEndRows = 20
const overscanRows = 12
// Rows that are walked to by keys stay clear of what sticks to the edges of the window.
const topMarginPx = 240
const bottomMarginPx = 80

// The list begins below other things, which may change their height.
function useTop(place: { readonly current: HTMLElement | null }): number {
  const [topPx, setTop] = useState(0)
  useLayoutEffect(() => {
    const measure = (): void => {
      const box = place.current?.getBoundingClientRect()
      if (box !== undefined) setTop(Math.round(box.top + window.scrollY))
    }
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(document.body)
    return () => observer.disconnect()
  }, [place])
  return topPx
}

// The height of a row is a measure of the theme, larger where patients read.
function useRowPx(place: { readonly current: HTMLElement | null }): number {
  const isPhone = useMediaQuery('(max-width: 719px)', undefined, { getInitialValueInEffect: false }) === true
  const [themePx, setThemePx] = useState(32)
  useLayoutEffect(() => {
    const measure = place.current === null ? '' : getComputedStyle(place.current).getPropertyValue('--row')
    setThemePx(Number.parseInt(measure, 10) || 32)
  }, [place])
  return isPhone ? phoneRowPx : themePx
}

interface VirtualRowsOptions {
  /** Called when the end of the rows comes near. */
  readonly onEnd?: (() => void) | undefined
  /** Headings between the rows, which are 32 px also on a phone. */
  readonly isHeading?: (index: number) => boolean
}

/** The rows in view of a list with `count` rows; `body` is the element that holds them. */
export function useVirtualRows<Body extends HTMLElement>(count: number, { onEnd, isHeading }: VirtualRowsOptions = {}) {
  const body = useRef<Body>(null)
  const topPx = useTop(body)
  const sizePx = useRowPx(body)
  const virtual = useWindowVirtualizer({
    count,
    estimateSize: (index) => (isHeading?.(index) === true ? headingPx : sizePx),
    overscan: overscanRows,
    scrollMargin: topPx,
    scrollPaddingStart: topMarginPx,
    scrollPaddingEnd: bottomMarginPx,
  })
  // biome-ignore lint/correctness/useExhaustiveDependencies: a changed row height makes all measurements void
  useEffect(() => virtual.measure(), [virtual, sizePx])
  const items = virtual.getVirtualItems()
  const last = items.at(-1)?.index ?? -1
  useEffect(() => {
    if (last >= count - nearEndRows) onEnd?.()
  }, [last, count, onEnd])
  return { body, virtual, items, topPx }
}
