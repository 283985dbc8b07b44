// The coronal view: a cut through all slices; a click goes to the slice there.
import { type MouseEvent, useLayoutEffect, useRef } from 'react'
import { useText } from '../../../language/LanguageProvider.tsx'
import { drawCoronal, drawMask, type GreyTable } from './draw.ts'
import { coronalMask } from './masks.ts'
import { viewerText } from './text.ts'
import styles from './Viewer.module.css'

interface CoronalViewProps {
  readonly slices: readonly (Int16Array | undefined)[]
  readonly masks: readonly (Uint8Array | undefined)[]
  /** Grows with each slice that comes. */
  readonly loaded: number
  readonly table: GreyTable
  readonly columns: number
  readonly row: number
  readonly slice: number
  /** Height of a pixel (slice spacing) over its width. */
  readonly pixelAspect: number
  readonly onSlice: (slice: number) => void
}

const lineColour = 'rgb(87 189 182 / 90%)'

/** The view. */
export function CoronalView(props: CoronalViewProps) {
  const { slices, masks, loaded, table, columns, row, slice, pixelAspect, onSlice } = props
  const text = useText(viewerText)
  const canvas = useRef<HTMLCanvasElement>(null)
  const count = slices.length
  // biome-ignore lint/correctness/useExhaustiveDependencies: `slices` is filled in place, and `loaded` tells when
  useLayoutEffect(() => {
    const context = canvas.current?.getContext('2d')
    if (context == null || count === 0) return
    const image = context.createImageData(columns, count)
    const target = { pixels: new Uint32Array(image.data.buffer), columns, rows: count }
    drawCoronal(target, slices, { row, table })
    const mask = coronalMask(masks, { row, columns })
    if (mask !== undefined) drawMask(target, mask)
    context.putImageData(image, 0, 0)
    context.fillStyle = lineColour
    context.fillRect(0, count - 1 - slice, columns, 1)
  }, [slices, masks, loaded, table, columns, row, slice, count])
  const click = (event: MouseEvent<HTMLCanvasElement>): void => {
    const box = event.currentTarget.getBoundingClientRect()
    const line = Math.floor(((event.clientY - box.top) / box.height) * count)
    onSlice(Math.min(count - 1, Math.max(0, count - 1 - line)))
  }
  return (
    <figure className={styles.view}>
      {/* The keyboard goes through the slices in the axial view; this is a shortcut for the mouse. */}
      <canvas
        aria-label={text.coronal}
        className={styles.canvas}
        data-view="coronal"
        height={Math.max(1, count)}
        onClick={click}
        ref={canvas}
        role="img"
        style={{ aspectRatio: `${columns} / ${Math.max(1, count) * pixelAspect}` }}
        width={columns}
      />
      <figcaption className={styles.caption}>{text.coronal}</figcaption>
    </figure>
  )
}
