// One series: its slices while they load, axial and coronal, with window and masks.
import { Button, Skeleton } from '@mantine/core'
import type { GreyWindow } from '@xinglin/core/dicom/image'
import { useCallback, useDeferredValue, useEffect, useMemo, useState } from 'react'
import { EmptyState } from '../../../components/EmptyState.tsx'
import { FailurePanel } from '../../../components/FailurePanel.tsx'
import { fill } from '../../../language/fill.ts'
import { useText } from '../../../language/LanguageProvider.tsx'
import { AxialView } from './AxialView.tsx'
import { CoronalView } from './CoronalView.tsx'
import { greyTable } from './draw.ts'
import { boundedWindow } from './presets.ts'
import { viewerText } from './text.ts'
import { useMasks } from './use-masks.ts'
import { type LoadingVolume, useVolume } from './use-volume.ts'
import styles from './Viewer.module.css'
import type { SliceStack } from './volume.ts'
import { WindowControls } from './WindowControls.tsx'

interface SeriesViewerProps {
  readonly studyUid: string
  readonly seriesUid: string
  /** SOP Instance UID of the slice to go to; the middle one until somebody asks for another. */
  readonly asked: string | undefined
}

interface SwitchProps {
  readonly label: string
  readonly isOn: boolean
  readonly isDisabled?: boolean
  readonly onChange: (isOn: boolean) => void
}

function Switch({ label, isOn, isDisabled = false, onChange }: SwitchProps) {
  return (
    <label className={styles.switch}>
      <input
        checked={isOn}
        disabled={isDisabled}
        onChange={(event) => onChange(event.currentTarget.checked)}
        type="checkbox"
      />
      <span>{label}</span>
    </label>
  )
}

function Progress({ volume, total }: { readonly volume: LoadingVolume; readonly total: number }) {
  const text = useText(viewerText)
  const { loaded, failed, retry } = volume
  return (
    <div className={styles.controls}>
      <span role="status">{fill(text.slices, { loaded, total })}</span>
      {loaded < total ? (
        <progress aria-label={text.loadingSeries} className={styles.bar} max={total} value={loaded} />
      ) : null}
      {failed === 0 ? null : (
        <div role="alert">
          {fill(text.failed, { count: failed })}{' '}
          <Button onClick={retry} size="compact-sm" variant="default">
            {text.again}
          </Button>
        </div>
      )}
    </div>
  )
}

// The slice is kept here rather than in the address: a wheel turns faster than addresses may change.
function useSlice({ slices }: SliceStack, asked: string | undefined) {
  const indexOf = (uid: string | undefined): number => slices.findIndex(({ sopInstanceUid }) => sopInstanceUid === uid)
  const known = indexOf(asked)
  const [slice, setSlice] = useState(known === -1 ? slices.length >> 1 : known)
  useEffect(() => {
    if (known !== -1) setSlice(known)
  }, [known])
  return [slice, setSlice] as const
}

interface Look {
  readonly window: GreyWindow
  readonly isCoronal: boolean
  readonly isMarked: boolean
  /** Row of the coronal cut. */
  readonly row: number
}

interface ControlsProps {
  readonly look: Look
  readonly stack: SliceStack
  readonly hasMasks: boolean
  readonly onLook: (change: Partial<Look>) => void
}

function Controls({ look, stack, hasMasks, onLook }: ControlsProps) {
  const text = useText(viewerText)
  return (
    <>
      <WindowControls onWindow={(window) => onLook({ window })} window={look.window} />
      <Switch
        isDisabled={!hasMasks}
        isOn={look.isMarked && hasMasks}
        label={hasMasks ? text.showMasks : text.noMasks}
        onChange={(isMarked) => onLook({ isMarked })}
      />
      {stack.isVolume ? (
        <>
          <Switch isOn={look.isCoronal} label={text.showCoronal} onChange={(isCoronal) => onLook({ isCoronal })} />
          <label className={styles.controls}>
            <span>{text.row}</span>
            <input
              max={stack.rows - 1}
              min={0}
              onChange={(event) => onLook({ row: Number(event.currentTarget.value) })}
              type="range"
              value={look.row}
            />
          </label>
        </>
      ) : (
        <p className="quiet">{stack.slices.length > 1 ? text.uneven : ''}</p>
      )}
    </>
  )
}

function useLook(stack: SliceStack) {
  const [look, setLook] = useState<Look>(() => ({
    window: boundedWindow(stack.window),
    isCoronal: true,
    isMarked: true,
    row: stack.rows >> 1,
  }))
  const onLook = useCallback((change: Partial<Look>) => setLook((old) => ({ ...old, ...change })), [])
  return [look, onLook] as const
}

function Views(props: SeriesViewerProps & { readonly volume: LoadingVolume; readonly stack: SliceStack }) {
  const { studyUid, seriesUid, asked, volume, stack } = props
  const text = useText(viewerText)
  const masks = useMasks(studyUid, seriesUid)
  const [look, onLook] = useLook(stack)
  const [slice, onSlice] = useSlice(stack, asked)
  const { window, isCoronal, isMarked, row } = look
  const table = useMemo(() => greyTable(window), [window])
  const { slices, rows, columns, spacingMm } = stack
  // The cut follows when the slice is drawn: going through slices stays smooth.
  const cut = {
    slice: useDeferredValue(slice),
    table: useDeferredValue(table),
    loaded: useDeferredValue(volume.loaded),
  }
  const ofSlices = useMemo(
    () => slices.map(({ sopInstanceUid }) => (isMarked ? masks?.get(sopInstanceUid) : undefined)),
    [slices, masks, isMarked],
  )
  const onWindow = useCallback((next: GreyWindow) => onLook({ window: boundedWindow(next) }), [onLook])
  const [rowMm, columnMm, sliceMm] = spacingMm
  return (
    <>
      <div className={styles.side}>
        <Controls hasMasks={masks !== undefined} {...{ look, stack, onLook }} />
        <Progress total={slices.length} volume={volume} />
        <p className="quiet">{text.keys}</p>
      </div>
      <div className={styles.views}>
        <AxialView
          {...{ rows, columns, slice, table, window, onSlice, onWindow }}
          mask={ofSlices[slice]}
          pixelAspect={rowMm / columnMm}
          total={slices.length}
          units={volume.slices[slice]}
        />
        {stack.isVolume && isCoronal ? (
          <CoronalView
            {...{ columns, row, onSlice, ...cut }}
            masks={ofSlices}
            pixelAspect={sliceMm / columnMm}
            slices={volume.slices}
          />
        ) : null}
      </div>
    </>
  )
}

/** The series. */
export function SeriesViewer(props: SeriesViewerProps) {
  const text = useText(viewerText)
  const volume = useVolume(props.studyUid, props.seriesUid)
  const { stack, isTooLarge, error, retry } = volume
  if (error !== null) return <FailurePanel error={error} onRetry={retry} />
  if (stack === undefined) {
    return (
      <div aria-busy="true">
        <p role="status">{text.loadingSeries}</p>
        <Skeleton h={320} />
      </div>
    )
  }
  if (stack === null) return <EmptyState reason={text.noImagesReason} title={text.noImages} />
  if (isTooLarge) return <EmptyState reason={text.tooLargeReason} title={text.tooLarge} />
  return <Views {...props} stack={stack} volume={volume} />
}
