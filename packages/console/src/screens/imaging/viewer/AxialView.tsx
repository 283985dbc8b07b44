// The axial view: one slice on a canvas; wheel and keys change it, dragging changes the window.
import type { GreyWindow } from '@xinglin/core/dicom/image'
import { type KeyboardEvent, type PointerEvent, useCallback, useEffect, useLayoutEffect, useRef } from 'react'
import { fill } from '../../../language/fill.ts'
import { useText } from '../../../language/LanguageProvider.tsx'
import { drawAxial, drawMask, type GreyTable } from './draw.ts'
import { viewerText } from './text.ts'
import styles from './Viewer.module.css'

interface AxialViewProps {
  readonly units: Int16Array | undefined
  readonly mask: Uint8Array | undefined
  readonly table: GreyTable
  readonly rows: number
  readonly columns: number
  /** Height of a pixel over its width. */
  readonly pixelAspect: number
  readonly slice: number
  readonly total: number
  readonly window: GreyWindow
  readonly onSlice: (slice: number) => void
  readonly onWindow: (window: GreyWindow) => void
}

/** Name of the measures that tell how long a change of slice took, from the event to the drawn picture. */
const sliceMeasure = 'xinglin.slice'
const windowPerPixel = 2
const pageSlices = 10

const steps: Readonly<Record<string, (slice: number, total: number) => number>> = {
  ArrowUp: (slice) => slice + 1,
  ArrowDown: (slice) => slice - 1,
  PageUp: (slice) => slice + pageSlices,
  PageDown: (slice) => slice - pageSlices,
  Home: () => 0,
  End: (_slice, total) => total - 1,
}

function useDrawing(
  { units, mask, table, rows, columns, slice }: AxialViewProps,
  asked: { current: number | undefined },
) {
  const canvas = useRef<HTMLCanvasElement>(null)
  useLayoutEffect(() => {
    const context = canvas.current?.getContext('2d')
    if (context == null) return
    const image = context.createImageData(columns, rows)
    const target = { pixels: new Uint32Array(image.data.buffer), columns, rows }
    if (units !== undefined) {
      drawAxial(target, units, table)
      if (mask !== undefined) drawMask(target, mask)
    } else target.pixels.fill(0xff000000)
    context.putImageData(image, 0, 0)
    canvas.current?.setAttribute('data-drawn', units === undefined ? '' : String(slice))
    if (asked.current !== undefined) performance.measure(sliceMeasure, { start: asked.current })
    asked.current = undefined
  }, [units, mask, table, rows, columns, slice, asked])
  return canvas
}

// React listens to the wheel passively; the page must not scroll under the image.
function useWheel(surface: { readonly current: HTMLElement | null }, onStep: (step: number) => void): void {
  useEffect(() => {
    const element = surface.current
    const onWheel = (event: WheelEvent): void => {
      if (event.ctrlKey) return
      event.preventDefault()
      onStep(event.deltaY > 0 ? -1 : 1)
    }
    element?.addEventListener('wheel', onWheel, { passive: false })
    return () => element?.removeEventListener('wheel', onWheel)
  }, [surface, onStep])
}

// Goes to slices by wheel and keys, and notes when it was asked to.
function useSteps(props: AxialViewProps, asked: { current: number | undefined }) {
  const { slice, total, onSlice } = props
  const surface = useRef<HTMLDivElement>(null)
  const go = (next: number): void => {
    const bounded = Math.min(total - 1, Math.max(0, next))
    if (bounded === slice) return
    asked.current = performance.now()
    onSlice(bounded)
  }
  const latest = useRef({ go, slice })
  latest.current = { go, slice }
  const onStep = useCallback((by: number) => latest.current.go(latest.current.slice + by), [])
  useWheel(surface, onStep)
  const onKeyDown = (event: KeyboardEvent): void => {
    const next = steps[event.key]?.(slice, total)
    if (next === undefined || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    go(next)
  }
  return { surface, onKeyDown }
}

// Dragging sideways widens the window, down raises its centre.
function useWindowDrag({ window, onWindow }: Pick<AxialViewProps, 'window' | 'onWindow'>) {
  const from = useRef<{ readonly x: number; readonly y: number; readonly window: GreyWindow } | undefined>(undefined)
  const end = (): void => {
    from.current = undefined
  }
  return {
    onPointerDown(event: PointerEvent<HTMLDivElement>) {
      event.currentTarget.setPointerCapture(event.pointerId)
      from.current = { x: event.clientX, y: event.clientY, window }
    },
    onPointerMove(event: PointerEvent) {
      const { current } = from
      if (current === undefined) return
      const width = current.window.width + (event.clientX - current.x) * windowPerPixel
      const center = current.window.center + (event.clientY - current.y) * windowPerPixel
      onWindow({ center, width })
    },
    onPointerUp: end,
    onPointerCancel: end,
  }
}

/** The view. */
export function AxialView(props: AxialViewProps) {
  const text = useText(viewerText)
  const { slice, total, rows, columns, pixelAspect, units } = props
  const asked = useRef<number | undefined>(undefined)
  const canvas = useDrawing(props, asked)
  const { surface, onKeyDown } = useSteps(props, asked)
  const drag = useWindowDrag(props)
  return (
    <figure className={styles.view}>
      <div
        {...drag}
        aria-label={text.axial}
        aria-valuemax={total}
        aria-valuemin={1}
        aria-valuenow={slice + 1}
        aria-valuetext={fill(text.slice, { slice: slice + 1, total })}
        className={styles.surface}
        onKeyDown={onKeyDown}
        ref={surface}
        role="slider"
        tabIndex={0}
      >
        <canvas
          className={styles.canvas}
          data-view="axial"
          height={rows}
          ref={canvas}
          style={{ aspectRatio: `${columns} / ${rows * pixelAspect}` }}
          width={columns}
        />
      </div>
      <figcaption className={styles.caption}>
        {slice + 1} / {total}
        {units === undefined ? ` · ${text.noPixels}` : ''}
      </figcaption>
    </figure>
  )
}
